using ViSurf.Core.Common;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>Finds the part of a completion that is the answer. Linear scans.</summary>
public static class AnswerText
{
    private const string ThinkClose = "</think>", Fence = "```";

    /// <summary>
    /// The inside of the first answer block, trimmed. Without one, when <paramref name="acceptBareText"/>, what follows the last
    /// <c>&lt;/think&gt;</c>, or the whole text.
    /// </summary>
    /// <param name="text">A completion.</param>
    /// <param name="acceptBareText">Whether tags may be missing.</param>
    /// <param name="answer">A part of <paramref name="text"/>, trimmed; may be empty.</param>
    /// <returns>Whether there is an answer.</returns>
    public static bool TryFind(string text, bool acceptBareText, out ReadOnlySpan<char> answer)
    {
        if (ThinkAnswerText.TryAnswer(Guard.NotNull(text), out answer)) return true;
        if (!acceptBareText) return false;
        var bare = text.AsSpan();
        var thought = bare.LastIndexOf(ThinkClose, StringComparison.Ordinal);
        answer = ThinkAnswerText.Trim(thought < 0 ? bare : bare[(thought + ThinkClose.Length)..]);
        return true;
    }

    /// <summary>The inside of the first Markdown code fence (<c>```json … ```</c>), trimmed; the text itself when there is none.</summary>
    public static ReadOnlySpan<char> Unfenced(ReadOnlySpan<char> text)
    {
        var open = text.IndexOf(Fence, StringComparison.Ordinal);
        if (open < 0) return text;
        var inside = text[(open + Fence.Length)..];
        var language = 0;
        while (language < inside.Length && char.IsAsciiLetterOrDigit(inside[language])) language++;
        inside = inside[language..];
        var close = inside.IndexOf(Fence, StringComparison.Ordinal);
        return ThinkAnswerText.Trim(close < 0 ? inside : inside[..close]);
    }

    /// <summary>
    /// What follows the last "Answer:" (any case) on its line, within the last
    /// <paramref name="tail"/> characters, trimmed; null when there is none. The form DAPO trains on.
    /// </summary>
    /// <param name="text">A completion.</param>
    /// <param name="tail">How far from the end the line may be. 300, as in DAPO's reward.</param>
    public static string? AfterAnswerColon(string text, int tail = 300)
    {
        const string Word = "answer:";
        var end = Guard.NotNull(text).AsSpan();
        if (end.Length > tail) end = end[^tail..];
        var at = end.LastIndexOf(Word, StringComparison.OrdinalIgnoreCase);
        if (at < 0) return null;
        var line = end[(at + Word.Length)..];
        var stop = line.IndexOfAny('\n', '\r');
        return ThinkAnswerText.Trim(stop < 0 ? line : line[..stop]).ToString();
    }
}
