using ViSurf.Core.Models.Tokens.Patterns;

namespace ViSurf.Core.Models.Tokens;

/// <summary>Splits pieces of text at the matches of a pattern. What the pattern does not match is kept.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="behavior">What becomes of its matches.</param>
/// <param name="invert">What lies between the matches counts as the match.</param>
/// <remarks>The folds are those of the reference (<c>NormalizedString::split</c>), empty matches included.</remarks>
internal sealed class SplitStep(CodePointPattern pattern, SplitBehavior behavior, bool invert) : IWordStep
{
    public void Split(string piece, List<string> into)
    {
        foreach (var (start, end, removed) in Behave(Parts(piece)))
            if (!removed && start < end)
                into.Add(end - start == piece.Length ? piece : piece[start..end]);
    }

    /// <summary>The piece from end to end; <see cref="Part.Marked"/> says which parts are matches.</summary>
    private List<Part> Parts(string piece)
    {
        var (parts, previous) = (new List<Part>(), 0);
        foreach (var match in pattern.Matches(piece))
        {
            if (previous != match.Start) parts.Add(new(previous, match.Start, invert));
            parts.Add(new(match.Start, previous = match.Start + match.Length, !invert));
        }
        if (previous != piece.Length) parts.Add(new(previous, piece.Length, invert));
        return parts;
    }

    private List<Part> Behave(List<Part> parts)
    {
        switch (behavior)
        {
            case SplitBehavior.Removed:
                return parts;
            case SplitBehavior.Isolated:
                return parts.ConvertAll(p => p with { Marked = false });
            case SplitBehavior.Contiguous:
                return Join(parts, (matched, before) => matched == before, (part, next) => part with { End = next.End });
            case SplitBehavior.MergedWithPrevious:
                return Join(parts, (matched, before) => matched && !before, (part, next) => part with { End = next.End });
            default:
                parts.Reverse();
                var joined = Join(parts, (matched, before) => matched && !before, (part, next) => part with { Start = next.Start });
                joined.Reverse();
                return joined;
        }
    }

    private static List<Part> Join(List<Part> parts, Func<bool, bool, bool> joins, Func<Part, Part, Part> join)
    {
        var (joined, before) = (new List<Part>(), false);
        foreach (var part in parts)
        {
            if (joined.Count > 0 && joins(part.Marked, before)) joined[^1] = join(joined[^1], part);
            else joined.Add(part with { Marked = false });
            before = part.Marked;
        }
        return joined;
    }

    /// <summary>A stretch of a piece; marked as a match, and in the end as what is left out.</summary>
    private readonly record struct Part(int Start, int End, bool Marked);
}
