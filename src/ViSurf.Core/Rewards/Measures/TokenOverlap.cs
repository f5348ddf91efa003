using ViSurf.Core.Common;

namespace ViSurf.Core.Rewards.Measures;

/// <summary>Overlap of the words of two short texts.</summary>
public static class TokenOverlap
{
    /// <summary>
    /// F1 of the two sets of words (lower case, between blanks), in [0, 1]; symmetric; 1 for equal sets, 0 when one is empty. GUI-R1 compares
    /// typed texts so.
    /// </summary>
    public static double F1(string a, string b)
    {
        var (left, right) = (Words(Guard.NotNull(a)), Words(Guard.NotNull(b)));
        var both = left.Count(right.Contains);
        return both == 0 ? 0 : 2.0 * both / (left.Count + right.Count);
    }

    private static HashSet<string> Words(string text)
        => [.. text.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];
}
