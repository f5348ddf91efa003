using TorchSharp.Modules;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Weights;

/// <summary>Finds the tensor in a file for every parameter; any disagreement is one error that lists all of it.</summary>
/// <param name="Subject">Begins the message: what does not fit what.</param>
/// <param name="Advice">Ends it.</param>
internal sealed record TensorMatch(string Subject, string Advice)
{
    /// <summary>Goes before the names of missing parameters.</summary>
    /// <value>Empty.</value>
    public string Prefix { get; init; } = "";

    /// <summary>Parameters that the file may leave out, by the one whose tensor they then take.</summary>
    /// <value>None.</value>
    public IReadOnlyDictionary<string, string> Instead { get; init; } = new Dictionary<string, string>();

    /// <summary>Names in the file by canonical name, one for every parameter.</summary>
    /// <param name="parameters">Parameters by canonical name.</param>
    /// <param name="entries">What the file has.</param>
    /// <param name="canonical">From a name in the file to the canonical one; null drops a tensor.</param>
    /// <exception cref="InvalidDataException">Tensors are missing, extra or mis-shaped.</exception>
    public Dictionary<string, string> Sources(IReadOnlyDictionary<string, Parameter> parameters, IEnumerable<TensorEntry> entries, Func<string, string?> canonical)
    {
        var (sources, problems) = (new Dictionary<string, string>(), new List<string>());
        foreach (var entry in entries)
        {
            if (canonical(entry.Name) is not { } target) continue;
            var found = $"'{entry.Name}' {TensorText.Of(entry.Type, entry.Shape)}";
            if (!parameters.TryGetValue(target, out var parameter)) problems.Add($"extra {found}: the configuration has no such tensor");
            else if (!sources.TryAdd(target, entry.Name)) problems.Add($"extra {found}: '{sources[target]}' is the same tensor");
            else if (!entry.Shape.SequenceEqual(parameter.shape)) problems.Add($"mis-shaped {found}: expected {TensorText.Shape(parameter.shape)}");
        }
        foreach (var (absent, other) in Instead)
            if (parameters.ContainsKey(absent) && !sources.ContainsKey(absent) && sources.TryGetValue(other, out var source))
                sources[absent] = source;
        problems.AddRange(parameters.Where(p => !sources.ContainsKey(p.Key)).Select(p => $"missing '{Prefix}{p.Key}' {TensorText.Shape(p.Value.shape)}"));
        if (problems.Count == 0) return sources;
        problems.Sort(StringComparer.Ordinal);
        throw new InvalidDataException($"{Subject} ({problems.Count} tensors):\n{ProblemList.Lines(problems)}\n{Advice}");
    }
}
