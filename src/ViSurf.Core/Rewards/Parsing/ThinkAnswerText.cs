using ViSurf.Core.Common;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>
/// Reads texts of the form <c>&lt;think&gt;…&lt;/think&gt; &lt;answer&gt;…&lt;/answer&gt;</c>. Linear scans: a completion is
/// adversarial input, and a backtracking pattern over ten megabytes of tags would not return.
/// </summary>
public static class ThinkAnswerText
{
    private const string ThinkOpen = "<think>", ThinkClose = "</think>", AnswerOpen = "<answer>", AnswerClose = "</answer>";

    /// <summary>
    /// Whether the whole text is a think block, optional blanks, an answer block and nothing else: VisionReasoner's full match of
    /// <c>&lt;think&gt;.*?&lt;/think&gt;\s*&lt;answer&gt;.*?&lt;/answer&gt;</c>, where blocks may hold anything, tags included.
    /// </summary>
    public static bool IsThinkThenAnswer(string text)
    {
        var rest = Guard.NotNull(text).AsSpan();
        if (!rest.StartsWith(ThinkOpen, StringComparison.Ordinal) || !rest.EndsWith(AnswerClose, StringComparison.Ordinal)) return false;
        // Both ends are taken; what is left must hold "</think>", blanks, "<answer>". Any one will do, so the first is enough,
        // and the blanks after one "</think>" are never looked at again from another: the scan stays linear.
        if (rest.Length < ThinkOpen.Length + AnswerClose.Length) return false;
        rest = rest[ThinkOpen.Length..^AnswerClose.Length];
        for (int at; (at = rest.IndexOf(ThinkClose, StringComparison.Ordinal)) >= 0;)
        {
            rest = TrimStart(rest[(at + ThinkClose.Length)..]);
            if (rest.StartsWith(AnswerOpen, StringComparison.Ordinal)) return true;
        }
        return false;
    }

    /// <summary>The inside of the first answer block without the blanks at its ends, or null when there is no such block.</summary>
    public static string? Answer(string text) => TryAnswer(text, out var answer) ? answer.ToString() : null;

    /// <summary>As <see cref="Answer"/>, without a copy.</summary>
    /// <param name="text">A completion.</param>
    /// <param name="answer">A part of <paramref name="text"/>; empty when there is no answer block.</param>
    /// <returns>Whether there is an answer block.</returns>
    public static bool TryAnswer(string text, out ReadOnlySpan<char> answer)
    {
        answer = default;
        var rest = Guard.NotNull(text).AsSpan();
        var open = rest.IndexOf(AnswerOpen, StringComparison.Ordinal);
        if (open < 0) return false;
        rest = rest[(open + AnswerOpen.Length)..];
        var close = rest.IndexOf(AnswerClose, StringComparison.Ordinal);
        if (close < 0) return false;
        answer = Trim(rest[..close]);
        return true;
    }

    /// <summary>
    /// The inside of the first answer block that begins and ends on one line, trimmed: a search for
    /// <c>&lt;answer&gt;(.*?)&lt;/answer&gt;</c> in which the point is no line break, as several systems write it.
    /// </summary>
    internal static bool TryAnswerOnOneLine(string text, out ReadOnlySpan<char> answer)
    {
        answer = default;
        var whole = Guard.NotNull(text).AsSpan();
        foreach (var range in whole.Split('\n'))
        {
            var line = whole[range];
            var open = line.IndexOf(AnswerOpen, StringComparison.Ordinal);
            if (open < 0) continue;
            line = line[(open + AnswerOpen.Length)..];
            var close = line.IndexOf(AnswerClose, StringComparison.Ordinal);
            if (close < 0) continue;
            answer = Trim(line[..close]);
            return true;
        }
        return false;
    }

    /// <summary>The inside of the last of the answer blocks that follow one another, trimmed.</summary>
    internal static bool TryLastAnswer(string text, out ReadOnlySpan<char> answer)
    {
        answer = default;
        var rest = Guard.NotNull(text).AsSpan();
        var found = false;
        while (rest.IndexOf(AnswerOpen, StringComparison.Ordinal) is >= 0 and var open)
        {
            rest = rest[(open + AnswerOpen.Length)..];
            var close = rest.IndexOf(AnswerClose, StringComparison.Ordinal);
            if (close < 0) break;
            answer = Trim(rest[..close]);
            found = true;
            rest = rest[(close + AnswerClose.Length)..];
        }
        return found;
    }

    /// <summary>What Python's <c>\s</c> and <c>str.strip</c> call a blank: Unicode white space and the four separators U+001C–U+001F.</summary>
    internal static bool IsBlank(char c) => char.IsWhiteSpace(c) || c is >= '\u001C' and <= '\u001F';

    internal static ReadOnlySpan<char> Trim(ReadOnlySpan<char> text)
    {
        text = TrimStart(text);
        var end = text.Length;
        while (end > 0 && IsBlank(text[end - 1])) end--;
        return text[..end];
    }

    internal static ReadOnlySpan<char> TrimStart(ReadOnlySpan<char> text)
    {
        var start = 0;
        while (start < text.Length && IsBlank(text[start])) start++;
        return text[start..];
    }
}
