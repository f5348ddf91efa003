using System.Collections;
using ViSurf.Core.Models.Tokens.Patterns;

namespace ViSurf.Core.Models.Tokens;

/// <summary>A stretch of text, and the added token it is, if any.</summary>
internal readonly record struct TokenSpan(int Start, int End, AddedToken? Token);

/// <summary>
/// Finds added tokens: from the left, the longest where several begin at one place. As in the reference, the matches of texts are chosen
/// first and the flags looked at afterwards.
/// </summary>
internal sealed class AddedTokenMatcher
{
    // Parts of a word here and not in patterns: the reference asks another engine.
    private const int NonJoiner = 0x200C, Joiner = 0x200D;

    private readonly Dictionary<(int Node, char Unit), int> _edges = [];
    private readonly Dictionary<int, AddedToken> _ends = [];

    /// <param name="tokens">Texts to look for, all different, and what each of them is.</param>
    public AddedTokenMatcher(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach (var (text, token) in tokens)
        {
            var node = 0;
            foreach (var unit in text)
                if (_edges.TryGetValue((node, unit), out var next)) node = next;
                else _edges.Add((node, unit), node = _edges.Count + 1);
            _ends.Add(node, token);
        }
    }

    /// <summary>The text from end to end, cut at its added tokens.</summary>
    /// <param name="text">The text.</param>
    /// <param name="data">Units that are data, or null.</param>
    /// <param name="control">Ids of tokens that do not match where they overlap data.</param>
    public List<TokenSpan> Cut(string text, BitArray? data, IReadOnlySet<int> control)
    {
        var (spans, start) = (new List<TokenSpan>(), 0);
        for (var at = 0; at < text.Length && _edges.Count > 0;)
        {
            if (Longest(text, at, data, control) is not { } match)
            {
                at++;
                continue;
            }
            var (first, end) = (at, match.End);
            at = end;
            if (match.Token.SingleWord && (EndsWithWord(text.AsSpan(0, first)) || StartsWithWord(text.AsSpan(end)))) continue;
            if (match.Token.LeftStrip) first = Math.Max(text.AsSpan(0, first).TrimEnd().Length, start);
            if (match.Token.RightStrip) end = text.Length - text.AsSpan(end).TrimStart().Length;
            if (start < first) spans.Add(new(start, first, null));
            // Blanks that it consists of may all belong to the token before it.
            if (first < end) spans.Add(new(first, end, match.Token));
            start = end;
        }
        if (start < text.Length) spans.Add(new(start, text.Length, null));
        return spans;
    }

    private (int End, AddedToken Token)? Longest(string text, int at, BitArray? data, IReadOnlySet<int> control)
    {
        (int, AddedToken)? longest = null;
        var (node, touched) = (0, false);
        for (var i = at; i < text.Length && _edges.TryGetValue((node, text[i]), out node); i++)
        {
            touched |= data is not null && data[i];
            if (_ends.TryGetValue(node, out var token) && !(touched && control.Contains(token.Id))) longest = (i + 1, token);
        }
        return longest;
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text)
        => System.Text.Rune.DecodeLastFromUtf16(text, out var last, out _) == System.Buffers.OperationStatus.Done && IsWord(last.Value);

    private static bool StartsWithWord(ReadOnlySpan<char> text)
        => System.Text.Rune.DecodeFromUtf16(text, out var first, out _) == System.Buffers.OperationStatus.Done && IsWord(first.Value);

    private static bool IsWord(int codePoint) => codePoint is NonJoiner or Joiner || CodePointSet.Letters.Contains(codePoint);
}
