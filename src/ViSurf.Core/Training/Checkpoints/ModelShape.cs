using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TorchSharp.Modules;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>What tells one model from another: the parameters that train, and a fingerprint of those that do not.</summary>
/// <param name="Trained">dtype and shape by name, for instance <c>Float32 [64, 32]</c>.</param>
/// <param name="Frozen">
/// Of every frozen parameter, its name, shape and 16 of its numbers: an adapter's checkpoint does not hold the weights below it, and on others it would
/// go on in silence. Null when nothing is frozen.
/// </param>
public sealed record ModelShape(IReadOnlyDictionary<string, string> Trained, string? Frozen)
{
    private const int Samples = 16;

    /// <summary>The shape of a module as it is now.</summary>
    public static ModelShape Of(nn.Module module)
    {
        var parameters = Guard.NotNull(module).named_parameters().ToArray();
        var trained = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, parameter) in parameters.Where(p => p.parameter.requires_grad)) trained.Add(name, TensorText.Of(parameter));
        return new ModelShape(trained, Fingerprint([.. parameters.Where(p => !p.parameter.requires_grad).OrderBy(p => p.name, StringComparer.Ordinal)]));
    }

    /// <summary>Passes when this is the shape of the model that was saved.</summary>
    /// <param name="saved">From a checkpoint.</param>
    /// <param name="directory">The checkpoint, for the message.</param>
    /// <exception cref="InvalidDataException">It is another model; lists every parameter that differs.</exception>
    public void EnsureSame(ModelShape saved, string directory)
    {
        Guard.NotNull(saved);
        var problems = Trained.Keys.Union(saved.Trained.Keys).Order(StringComparer.Ordinal)
            .Select(name => (name, Now: Trained.GetValueOrDefault(name), Saved: saved.Trained.GetValueOrDefault(name))).Where(p => p.Now != p.Saved)
            .Select(p => $"'{p.name}': {p.Saved ?? "not trained"} in the checkpoint, {p.Now ?? "not trained"} here").ToList();
        if (problems.Count == 0 && Frozen != saved.Frozen) problems.Add("the same parameters train, but the frozen weights beside them are others");
        if (problems.Count == 0) return;
        throw new InvalidDataException($"The checkpoint '{directory}' is of another model ({problems.Count} differences):\n{ProblemList.Lines(problems)}\n"
            + "Load the model that the run began from, in the same dtype, with the same parameters frozen and the same adapter attached.");
    }

    private static string? Fingerprint((string Name, Parameter Value)[] frozen)
    {
        if (frozen.Length == 0) return null;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        // One transfer for all of them.
        var numbers = cat([.. frozen.Select(p => Few(p.Value).to(ScalarType.Float64))], 0).cpu().data<double>().ToArray();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, value) in frozen) hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{name} {TensorText.Of(value)}\n"));
        hash.AppendData(MemoryMarshal.AsBytes(numbers.AsSpan()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Evenly spaced.</summary>
    private static Tensor Few(Parameter parameter)
    {
        var flat = parameter.detach().reshape(-1);
        var count = Math.Min(Samples, flat.shape[0]);
        return count == 0 ? flat : flat.narrow(0, 0, flat.shape[0] / count * count).reshape(count, -1).select(1, 0);
    }
}
