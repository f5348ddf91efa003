using System.Text;
using ViSurf.Core.Common;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>
/// The answer line that DAPO trains on, and the normal form in which it compares: Minerva's (Lewkowycz et al. 2022, appendix D), as verl's
/// and EasyR1's DAPO rewards apply it. Equal forms are equal answers; nothing is evaluated.
/// </summary>
internal static class DapoAnswer
{
    private const int Tail = 300;

    private static readonly (string Before, string After)[] Substitutions =
    [
        ("an ", ""), ("a ", ""), (".$", "$"), ("\\$", ""), ("\\ ", ""), (" ", ""), ("mbox", "text"), (",\\text{and}", ","),
        ("\\text{and}", ","), ("\\text{m}", "\\text{}"),
    ];

    private static readonly string[] Removed =
    [
        "square", "ways", "integers", "dollars", "mph", "inches", "hours", "km", "units", "\\ldots", "sue", "points", "feet", "minutes",
        "digits", "cents", "degrees",
        "cm", "gm", "pounds", "meters", "meals", "edges", "students", "childrentickets", "multiples", "\\text{s}", "\\text{.}",
        "\\text{\ns}", "\\text{}^2",
        "\\text{}^3", "\\text{\n}", "\\text{}", "\\mathrm{th}", "^\\circ", "^{\\circ}", "\\;", ",\\!", "{,}", "\"", "\\dots",
    ];

    /// <summary>
    /// What follows the last line of the form <c>Answer: …</c> (any case, blanks and line breaks after the colon) in the last 300
    /// characters; null without one.
    /// </summary>
    public static string? Find(string text)
    {
        var end = Guard.NotNull(text).AsSpan();
        if (end.Length > Tail) end = end[^Tail..];
        string? found = null;
        for (var at = 0; at < end.Length;)
        {
            var next = end[at..].IndexOf("answer", StringComparison.OrdinalIgnoreCase);
            if (next < 0) break;
            at = SkipBlanks(end, at + next + "answer".Length);
            if (at >= end.Length || end[at] != ':') continue;
            var start = SkipBlanks(end, at + 1);
            // The pattern wants a character: where only blanks follow, the last of them that is no line break is one.
            if (start >= end.Length) break;
            var stop = end[start..].IndexOf('\n') is >= 0 and var line ? start + line : end.Length;
            found = end[start..stop].ToString();
            at = stop;
        }
        return found;
    }

    /// <summary>The normal form.</summary>
    public static string Normalize(string answer)
    {
        answer = answer[(answer.LastIndexOf('=') + 1)..];
        foreach (var (before, after) in Substitutions) answer = answer.Replace(before, after, StringComparison.Ordinal);
        foreach (var word in Removed) answer = answer.Replace(word, "", StringComparison.Ordinal);
        answer = FirstFormula(answer);
        foreach (var open in (string[])["\\text{", "\\textbf{", "\\overline{"]) answer = WithoutBraces(answer, open, greedy: false);
        answer = WithoutBraces(answer, "\\boxed{", greedy: true);
        answer = WithBraces(WithBraces(answer, "frac", 2), "sqrt", 1).Replace("$", "", StringComparison.Ordinal);
        var digits = answer.Replace(",", "", StringComparison.Ordinal);
        return (digits.Length > 0 && digits.All(char.IsDigit) ? digits : answer).Trim();
    }

    private static int SkipBlanks(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && ThinkAnswerText.IsBlank(text[at])) at++;
        return at;
    }

    /// <summary>Where two dollar signs stand on a line, what is between the first two, with them; lines after it stay.</summary>
    private static string FirstFormula(string text) => string.Join('\n', text.Split('\n').Select(line =>
    {
        var open = line.IndexOf('$');
        var close = open < 0 ? -1 : line.IndexOf('$', open + 1);
        return close < 0 ? line : line[open..(close + 1)];
    }));

    /// <summary><c>\text{x}</c> becomes <c>x</c>: to the next brace, or to the last one of the line.</summary>
    private static string WithoutBraces(string text, string open, bool greedy) => string.Join('\n', text.Split('\n').Select(line =>
    {
        var (result, at) = (new StringBuilder(), 0);
        while (line.IndexOf(open, at, StringComparison.Ordinal) is >= 0 and var start)
        {
            var inside = start + open.Length;
            var close = greedy ? line.LastIndexOf('}') : line.IndexOf('}', inside);
            if (close < inside) break;
            result.Append(line, at, start - at).Append(line, inside, close - inside);
            at = close + 1;
        }
        return result.Append(line, at, line.Length - at).ToString();
    }));

    /// <summary><c>frac12</c> becomes <c>frac{1}{2}</c>, <c>sqrt2</c> <c>sqrt{2}</c>: characters without braces get some.</summary>
    private static string WithBraces(string text, string name, int count)
    {
        var (result, at) = (new StringBuilder(), 0);
        while (text.IndexOf(name, at, StringComparison.Ordinal) is >= 0 and var start)
        {
            var first = start + name.Length;
            var fits = first + count <= text.Length && text[first] != '{' && (count == 1 || text[first + 1] != '\n');
            result.Append(text, at, first - at);
            at = first;
            for (var i = 0; fits && i < count; i++) result.Append('{').Append(text[at++]).Append('}');
        }
        return result.Append(text, at, text.Length - at).ToString();
    }
}
