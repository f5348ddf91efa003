using ViSurf.Core.Common;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>Reads the last <c>\boxed{…}</c> of a text, the way mathematics answers are marked.</summary>
public static class BoxedText
{
    /// <summary>What opens a box.</summary>
    public const string Open = "\\boxed{";

    /// <summary>The inside of the last box, braces balanced, trimmed; null when there is none or it does not end (MathRuler says "None").</summary>
    /// <remarks>As MathRuler, an open last box hides closed ones before it: an answer that was cut off is no answer.</remarks>
    public static string? Last(string text)
    {
        var at = Guard.NotNull(text).LastIndexOf(Open, StringComparison.Ordinal);
        if (at < 0) return null;
        var inside = text.AsSpan(at + Open.Length);
        var depth = 0;
        for (var i = 0; i < inside.Length; i++)
        {
            if (inside[i] == '{') depth++;
            else if (inside[i] == '}' && depth-- == 0) return ThinkAnswerText.Trim(inside[..i]).ToString();
        }
        return null;
    }

    /// <summary>
    /// Whether the whole text is a think block and then a box anywhere after it: EasyR1's full match of
    /// <c>&lt;think&gt;.*&lt;/think&gt;.*\boxed\{.*\}.*</c>, blanks around tag signs removed first.
    /// </summary>
    public static bool IsThinkThenBoxed(string text)
    {
        // Blanks around <, > and / do not count. Only "<think>" and "</think>" matter, so they are matched with blanks allowed there.
        var rest = Guard.NotNull(text).AsSpan();
        if (!TakeTag(ref rest, closing: false)) return false;
        while (true)
        {
            var at = rest.IndexOf('<');
            if (at < 0) return false;
            rest = rest[at..];
            if (!TakeTag(ref rest, closing: true))
            {
                rest = rest[1..];
                continue;
            }
            var box = rest.IndexOf(Open, StringComparison.Ordinal);
            return box >= 0 && rest[(box + Open.Length)..].Contains('}');
        }
    }

    private static bool TakeTag(ref ReadOnlySpan<char> text, bool closing)
    {
        var at = 0;
        if (!Take(text, ref at, '<') || (closing && !Take(text, ref at, '/'))) return false;
        const string Name = "think";
        if (!text[at..].StartsWith(Name, StringComparison.Ordinal)) return false;
        at += Name.Length;
        if (!Take(text, ref at, '>')) return false;
        text = text[at..];
        return true;

        static bool Take(ReadOnlySpan<char> text, ref int at, char sign)
        {
            while (at < text.Length && ThinkAnswerText.IsBlank(text[at])) at++;
            if (at >= text.Length || text[at] != sign) return false;
            at++;
            while (at < text.Length && ThinkAnswerText.IsBlank(text[at])) at++;
            return true;
        }
    }
}
