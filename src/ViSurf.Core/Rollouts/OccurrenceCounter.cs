using ViSurf.Core.Data;

namespace ViSurf.Core.Rollouts;

/// <summary>Tells examples of one id apart by their order.</summary>
internal sealed class OccurrenceCounter
{
    private readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);

    /// <summary>How often its id came before, for each of the next examples: 0 for the first.</summary>
    public int[] Next(IEnumerable<VisionExample> examples)
        => [.. examples.Select(example => _seen[example.Id] = _seen.GetValueOrDefault(example.Id, -1) + 1)];
}
