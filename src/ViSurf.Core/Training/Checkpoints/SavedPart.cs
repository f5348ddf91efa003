using System.Text.Json.Nodes;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Weights;
using static TorchSharp.torch;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>The state of a part as a checkpoint holds it; valid during the call of <see cref="CheckpointPart.Restore"/> only.</summary>
public sealed class SavedPart
{
    private readonly SafeTensorsReader? _file;

    internal SavedPart(string key, JsonNode? values, SafeTensorsReader? file) => (Key, Values, _file) = (key, values, file);

    /// <summary>The part's key.</summary>
    public string Key { get; }

    /// <summary>Its numbers and texts.</summary>
    public JsonNode? Values { get; }

    /// <summary>Names of its tensors.</summary>
    public IEnumerable<string> Names => _file?.Entries.Keys ?? [];

    /// <summary>Reads a tensor into memory of its own shape and dtype.</summary>
    /// <param name="name">Its name when it was saved.</param>
    /// <param name="destination">Contiguous; any device.</param>
    /// <exception cref="InvalidDataException">There is no such tensor, or it has another shape or dtype.</exception>
    public void ReadInto(string name, Tensor destination)
    {
        if (Problem(name, destination) is { } problem) throw Disagreement([problem]);
        _file!.ReadInto(name, destination);
    }

    /// <summary>Reads all tensors; any disagreement is one error that lists all of it, and nothing has been read then.</summary>
    /// <param name="destinations">Every tensor of the part.</param>
    /// <exception cref="InvalidDataException">Tensors are missing, extra, or of another shape or dtype.</exception>
    public void ReadAll(IReadOnlyList<(string Name, Tensor Value)> destinations)
    {
        var extra = Names.Except(Guard.NotNull(destinations).Select(d => d.Name)).Select(name => $"extra '{name}'");
        var problems = destinations.Select(d => Problem(d.Name, d.Value)).OfType<string>().Concat(extra).Order(StringComparer.Ordinal).ToArray();
        if (problems.Length > 0) throw Disagreement(problems);
        foreach (var (name, value) in destinations) _file!.ReadInto(name, value);
    }

    private string? Problem(string name, Tensor destination)
    {
        var wanted = TensorText.Of(destination);
        if (_file is null || !_file.Entries.TryGetValue(name, out var entry)) return $"missing '{name}' {wanted}";
        return entry.Type == destination.dtype && entry.Shape.SequenceEqual(destination.shape)
            ? null
            : $"'{name}' is {TensorText.Of(entry.Type, entry.Shape)}, expected {wanted}";
    }

    private InvalidDataException Disagreement(string[] problems)
        => new($"The saved state of '{Key}' does not fit this run{(_file is null ? "" : $" ('{_file.Path}')")}:\n{ProblemList.Lines(problems)}\n"
            + "Use the model, dtypes and options of the run that was saved.");
}
