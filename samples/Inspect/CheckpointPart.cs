using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.Weights;

namespace Inspect;

/// <summary>One part of a checkpoint: what its weight files' headers say, without reading a weight.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Tensors">Number of tensors.</param>
/// <param name="Elements">Their numbers together.</param>
/// <param name="Bytes">Their bytes in the files.</param>
/// <param name="Types">Their dtypes in the files.</param>
internal sealed record CheckpointPart(string Name, int Tensors, long Elements, long Bytes, string Types)
{
    private static readonly string[] Order = ["embedding", "decoder layers", "final norm", "head", "vision tower", "merger", "adapter", "other"];

    /// <summary>Parts in the order of the network.</summary>
    public static IReadOnlyList<CheckpointPart> Of(IEnumerable<TensorEntry> entries)
        => [.. entries.GroupBy(entry => PartOf(entry.Name)).OrderBy(group => Array.IndexOf(Order, group.Key)).Select(group => Sum(group.Key, [.. group]))];

    public static CheckpointPart Sum(string name, IReadOnlyList<TensorEntry> entries)
        => new(name, entries.Count, entries.Sum(Count), entries.Sum(e => e.Bytes), string.Join(", ", entries.Select(e => e.Type.ToString().ToLowerInvariant()).Distinct().Order()));

    public static long Count(TensorEntry entry) => entry.Shape.Aggregate(1L, (product, side) => product * side);

    private static string PartOf(string name)
        => name.Contains(".lora_", StringComparison.Ordinal) ? "adapter"
            : ParameterFilter.Merger.Contains(name) ? "merger"
            : ParameterFilter.VisionTower.Contains(name) ? "vision tower"
            : ParameterFilter.Embeddings.Contains(name) ? "embedding"
            : name.Contains(".layers.", StringComparison.Ordinal) ? "decoder layers"
            : name.StartsWith("lm_head.", StringComparison.Ordinal) ? "head"
            : name.EndsWith(".norm.weight", StringComparison.Ordinal) ? "final norm"
            : "other";
}
