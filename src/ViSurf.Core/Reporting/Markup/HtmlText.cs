using System.Globalization;
using System.Text;

namespace ViSurf.Core.Reporting.Markup;

/// <summary>Any text as HTML that is well-formed XML too, and that shows what is there.</summary>
internal static class HtmlText
{
    private const char Replacement = '\uFFFD';

    /// <summary>
    /// Escapes the characters of markup, quotes only where they would end an attribute. What a document must not hold becomes visible: control characters as their pictures (U+2400 …), lone
    /// surrogates and non-characters as U+FFFD, and marks that turn the direction of writing as their number in brackets, because behind one of them
    /// text reads differently than it is.
    /// </summary>
    public static void Append(StringBuilder to, ReadOnlySpan<char> text, bool attribute = false)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            switch (c)
            {
                case '&': to.Append("&amp;"); break;
                case '<': to.Append("&lt;"); break;
                case '>': to.Append("&gt;"); break;
                case '"' when attribute: to.Append("&quot;"); break;
                // An attribute's line breaks would become blanks.
                case '\n' when attribute: to.Append("&#10;"); break;
                case '\t' or '\n': to.Append(c); break;
                case '\r': to.Append('\u240D'); break;
                case < ' ': to.Append((char)('\u2400' + c)); break;
                case '\u007F': to.Append('\u2421'); break;
                case >= '\u0080' and < '\u00A0' or '\uFFFE' or '\uFFFF': to.Append(Replacement); break;
                case >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' or '\u200E' or '\u200F': to.Append("[U+").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture)).Append(']'); break;
                case >= '\uD800' and <= '\uDFFF':
                    if (i + 1 < text.Length && char.IsSurrogatePair(c, text[i + 1]) && !IsNonCharacter(c, text[i + 1])) to.Append(c).Append(text[++i]);
                    else to.Append(Replacement);
                    break;
                default: to.Append(c); break;
            }
        }
    }

    // The last two of each plane, U+1FFFE and so on.
    private static bool IsNonCharacter(char high, char low) => (high & 0x3F) == 0x3F && (low & 0x3FE) == 0x3FE;

    /// <summary>The beginning of a long text, cut between characters, with a word on how much is missing.</summary>
    /// <param name="text">Anything.</param>
    /// <param name="most">Most UTF-16 units to keep, greater than 1.</param>
    public static string Shortened(string text, int most)
    {
        if (text.Length <= most) return text;
        var end = char.IsHighSurrogate(text[most - 1]) ? most - 1 : most;
        return $"{text[..end]}… ({ReportNumber.Whole(text.Length - end)} more characters)";
    }
}
