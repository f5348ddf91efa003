using TorchSharp.Modules;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Weights;

/// <summary>Fills a module's parameters from a checkpoint; any disagreement is one error that lists all of it.</summary>
public static class WeightLoader
{
    private const int Listed = 40;

    /// <summary>Loads every parameter.</summary>
    /// <param name="parameters">Parameters by canonical name.</param>
    /// <param name="checkpoint">Where the weights are.</param>
    /// <param name="canonical">Maps a name in the files to the canonical one; null drops a tensor that is known to be of no use.</param>
    /// <exception cref="InvalidDataException">Tensors are missing, extra or mis-shaped; nothing has been loaded then.</exception>
    public static void Load(IReadOnlyDictionary<string, Parameter> parameters, CheckpointReader checkpoint, Func<string, string?> canonical)
    {
        Guard.NotNull(parameters);
        Guard.NotNull(checkpoint);
        Guard.NotNull(canonical);
        var sources = new Dictionary<string, string>();
        var problems = new List<string>();
        foreach (var name in checkpoint.Names)
        {
            var entry = checkpoint.Entry(name);
            var found = $"'{name}' {entry.Type} [{string.Join(", ", entry.Shape)}]";
            if (canonical(name) is not { } target) continue;
            if (!parameters.TryGetValue(target, out var parameter)) problems.Add($"extra {found}: the configuration has no such tensor");
            else if (!sources.TryAdd(target, name)) problems.Add($"extra {found}: '{sources[target]}' is the same tensor");
            else if (!entry.Shape.SequenceEqual(parameter.shape)) problems.Add($"mis-shaped {found}: expected [{string.Join(", ", parameter.shape)}]");
        }
        problems.AddRange(parameters.Keys.Where(n => !sources.ContainsKey(n))
            .Select(n => $"missing '{n}' [{string.Join(", ", parameters[n].shape)}]"));
        if (problems.Count > 0) throw Disagreement(checkpoint.Directory, problems);
        foreach (var (target, source) in sources) checkpoint.ReadInto(source, parameters[target]);
    }

    private static InvalidDataException Disagreement(string directory, List<string> problems)
    {
        problems.Sort(StringComparer.Ordinal);
        var rest = problems.Count > Listed ? $"\n  … and {problems.Count - Listed} more" : "";
        return new InvalidDataException(
            $"The weights in '{directory}' do not fit its config.json ({problems.Count} tensors):\n  "
            + string.Join("\n  ", problems.Take(Listed)) + rest
            + "\nCheck that config.json and the weight files come from the same model.");
    }
}
