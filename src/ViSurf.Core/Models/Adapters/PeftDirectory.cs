using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Weights;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Adapters;

/// <summary>An adapter as PEFT keeps it: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</summary>
internal static class PeftDirectory
{
    private const string ConfigFile = "adapter_config.json", WeightsFile = "adapter_model.safetensors", Prefix = "base_model.model.";
    private const int OrdinaryRank = 1024;

    public static LoraConfig ReadConfig(string directory)
    {
        if (!Directory.Exists(Guard.NotBlank(directory)))
            throw StagedDirectory.Missing(directory, "an adapter directory");
        var (path, weights) = (Existing(directory, ConfigFile, ""), Existing(directory, WeightsFile, " Weights in .bin form must be saved again with safe_serialization=True."));
        var config = PeftConfigFile.Read(path);
        using var file = SafeTensorsReader.Open(weights);
        // Factors are allocated by what the configuration says. What is only a little off is better said tensor by tensor, when they are read.
        var rank = file.Entries.Values.Where(e => e.Name.EndsWith(".lora_A.weight", StringComparison.Ordinal) && e.Shape.Count == 2).Select(e => e.Shape[0]).DefaultIfEmpty(0).Max();
        return config.LargestRank <= Math.Max(2 * rank, OrdinaryRank)
            ? config
            : throw new InvalidDataException($"{(config.LargestRank > config.Rank ? "rank_pattern has" : "r is")} {config.LargestRank} "
                + $"in '{path}', but the factors in '{weights}' have rank {rank}. Check that they come from the same adapter.");
    }

    /// <summary>Fills an adapter's parameters; any disagreement is one error that lists all of it, and nothing has been read then.</summary>
    /// <param name="directory">The adapter's directory.</param>
    /// <param name="parameters">By their names in newer files, without prefix.</param>
    /// <param name="older">From names in older files to those.</param>
    /// <param name="policy">The module below the adapter.</param>
    public static void ReadWeights(string directory, IReadOnlyList<(string Name, Parameter Value)> parameters,
        IReadOnlyDictionary<string, string> older, nn.Module policy)
    {
        var path = Path.Combine(directory, WeightsFile);
        using var file = SafeTensorsReader.Open(path);
        var wanted = parameters.ToDictionary(p => p.Name, p => p.Value);
        var beneath = new BaseWeights(policy);
        var match = new TensorMatch($"The adapter in '{path}' does not fit its configuration and the policy", "Check that it was trained on this model.") { Prefix = Prefix };
        var sources = match.Sources(wanted, file.Entries.Values, name =>
        {
            var plain = Saved(name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name);
            if (wanted.ContainsKey(plain)) return plain;
            if (older.TryGetValue(plain, out var newer)) return newer;
            return beneath.Confirms(file, name, plain) ? null : plain;
        });
        foreach (var (target, source) in sources) file.ReadInto(source, wanted[target]);
    }

    /// <summary>The first releases of PEFT left a word of their tree in the names of whole modules.</summary>
    private static string Saved(string name)
        => name.Replace(".modules_to_save.default.", ".", StringComparison.Ordinal)
            .Replace(".modules_to_save.", ".", StringComparison.Ordinal);

    public static void Write(string directory, LoraConfig config, IReadOnlyList<(string Name, Parameter Value)> parameters, bool overwrite)
    {
        using var staged = StagedDirectory.Begin(directory, target => SaveMark.Ensure(target, overwrite, ConfigFile));
        var tensors = parameters.Select(p => (Prefix + p.Name, (Tensor)p.Value)).ToArray();
        SafeTensorsWriter.Write(Path.Combine(staged.Path, WeightsFile), tensors, null, SaveMark.Of([ConfigFile, WeightsFile]));
        PeftConfigFile.Write(Path.Combine(staged.Path, ConfigFile), config);
        staged.Commit();
    }

    private static string Existing(string directory, string name, string hint)
        => LinkRule.Find(directory, name)
            ?? throw new FileNotFoundException($"Expected {name} in the adapter directory '{directory}', "
                + $"found none.{hint}", Path.Combine(directory, name));
}
