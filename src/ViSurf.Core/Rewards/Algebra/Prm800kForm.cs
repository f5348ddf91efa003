using System.Globalization;
using System.Numerics;
using System.Text;

namespace ViSurf.Core.Rewards.Algebra;

/// <summary>The normal form of answers of PRM800K (Lightman et al. 2023) as MathRuler computes it: no units, no LaTeX, lower case, no blanks.</summary>
internal static class Prm800kForm
{
    // In the reference's order: "cm" goes before "centimeter" can match, and so on.
    private static readonly string[] Units =
        ["degree", "cm", "centimeter", "meter", "mile", "second", "minute", "hour", "day", "week", "month", "year", "foot", "feet", "inch", "yard"];

    /// <summary>The normal form.</summary>
    /// <param name="text">An answer.</param>
    /// <param name="keepPowers">Whether an exponent's braces become parentheses instead of vanishing, so that <c>2^{1/2}</c> keeps its value.</param>
    public static string Of(string text, bool keepPowers = false)
    {
        text = MathSetForm.TextContent(text) ?? text;
        if (keepPowers) text = PowersInParentheses(text);
        text = text.Replace("\\%", "%", StringComparison.Ordinal).Replace("\\$", "$", StringComparison.Ordinal)
            .Replace("$", "", StringComparison.Ordinal).Replace("%", "", StringComparison.Ordinal)
            .Replace(" or ", " , ", StringComparison.Ordinal).Replace(" and ", " , ", StringComparison.Ordinal)
            .Replace("million", "*10^6", StringComparison.Ordinal).Replace("billion", "*10^9", StringComparison.Ordinal).Replace("trillion", "*10^12", StringComparison.Ordinal);
        foreach (var unit in Units) text = WithoutUnit(text, unit);
        text = WithoutDegrees(text);
        if (text.Length > 0 && text[0] == '{' && text[^1] == '}') text = text.Length == 1 ? "" : text[1..^1];
        text = WithoutThinCommas(text);
        if (TryInteger(text, out var whole)) text = whole.ToString(CultureInfo.InvariantCulture);
        if (text.Contains('\\')) text = LatexText.Read(text) ?? text;
        text = MixedNumbers(WithoutBlanksAfterMinus(text)).Replace(" ", "", StringComparison.Ordinal);
        text = text.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal).ToLowerInvariant();
        return TryInteger(WithoutThousandsCommas(text), out _) && TryFloat(text.Replace(",", "", StringComparison.Ordinal), out var number)
            ? new BigInteger(number).ToString(CultureInfo.InvariantCulture)
            : text;
    }

    private static string PowersInParentheses(string text)
    {
        var (result, isPower) = (new StringBuilder(text), new Stack<bool>());
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '{') isPower.Push(i > 0 && text[i - 1] == '^');
            if (text[i] is '{' && isPower.Peek()) result[i] = '(';
            if (text[i] == '}' && isPower.TryPop(out var wasPower) && wasPower) result[i] = ')';
        }
        return result.ToString();
    }

    /// <summary>Commas before exactly three digits, removed as long as there are any.</summary>
    public static string WithoutThousandsCommas(string text)
    {
        for (var before = -1; before != text.Length;)
        {
            before = text.Length;
            var result = new StringBuilder();
            for (var i = 0; i < text.Length; i++)
            {
                result.Append(text[i]);
                if (!IsDigit(text, i) || i + 1 >= text.Length || text[i + 1] != ',' || !IsDigit(text, i + 2) || !IsDigit(text, i + 3) || !IsDigit(text, i + 4) || IsDigit(text, i + 5)) continue;
                result.Append(text, i + 2, 3);
                // What follows the three digits belongs to this match, as in the reference.
                if (i + 5 < text.Length) result.Append(text[i + 5]);
                i += 5;
            }
            text = result.ToString();
        }
        return text;
    }

    /// <summary>Whether the text is a number within 1e-7 of a whole one: what Python's <c>float</c> reads, rounded.</summary>
    public static bool TryInteger(string text, out BigInteger whole)
    {
        whole = default;
        if (!TryFloat(text, out var value) || !(Math.Abs(value - Math.Round(value)) <= 1e-7)) return false;
        whole = new BigInteger(Math.Round(value));
        return true;
    }

    /// <summary>As Python's <c>float</c> but for infinity and NaN: blanks around it and single underscores between digits are fine.</summary>
    private static bool TryFloat(string text, out double value)
    {
        value = 0;
        var trimmed = text.AsSpan().Trim();
        var plain = new StringBuilder();
        for (var i = 0; i < trimmed.Length; i++)
        {
            if (trimmed[i] == '_' && i > 0 && i + 1 < trimmed.Length && char.IsAsciiDigit(trimmed[i - 1]) && char.IsAsciiDigit(trimmed[i + 1])) continue;
            plain.Append(trimmed[i]);
        }
        return Parsing.NumberText.TryPlain(plain.ToString(), out value);
    }

    /// <summary>A unit, its plural and a power of it.</summary>
    private static string WithoutUnit(string text, string unit)
    {
        var at = text.IndexOf(unit, StringComparison.Ordinal);
        if (at < 0) return text;
        var result = new StringBuilder();
        var from = 0;
        for (; at >= 0; at = text.IndexOf(unit, from, StringComparison.Ordinal))
        {
            result.Append(text, from, at - from);
            from = at + unit.Length;
            if (string.CompareOrdinal(text, from, "es", 0, 2) == 0) from += 2;
            if (from < text.Length && text[from] == 's') from++;
            while (from < text.Length && text[from] == ' ') from++;
            if (from + 1 < text.Length && text[from] == '^' && char.IsAsciiDigit(text[from + 1]))
            {
                from++;
                while (IsDigit(text, from)) from++;
            }
        }
        return result.Append(text, from, text.Length - from).ToString();
    }

    /// <summary>A caret, blanks, <c>\circ</c>.</summary>
    private static string WithoutDegrees(string text) => Without(text, '^', "\\circ");

    private static string WithoutThinCommas(string text)
    {
        const string Thin = ",\\!";
        var parts = text.Split(Thin);
        return parts[0] + string.Concat(parts.Skip(1).Select(part => part.TrimStart(' ')));
    }

    private static string WithoutBlanksAfterMinus(string text)
    {
        var parts = text.Split('-');
        return parts[0] + string.Concat(parts.Skip(1).Select(part => "-" + part.TrimStart(' ')));
    }

    private static string Without(string text, char sign, string word)
    {
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == sign)
            {
                var end = i + 1;
                while (end < text.Length && text[end] == ' ') end++;
                if (string.CompareOrdinal(text, end, word, 0, word.Length) == 0)
                {
                    i = end + word.Length - 1;
                    continue;
                }
            }
            result.Append(text[i]);
        }
        return result.ToString();
    }

    /// <summary>Blanks between two digits to a plus: "7 3/4" is 7+3/4. The second digit does not begin another pair, as in the reference.</summary>
    private static string MixedNumbers(string text)
    {
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            result.Append(text[i]);
            var next = i + 1;
            while (next < text.Length && text[next] == ' ') next++;
            if (!IsDigit(text, i) || next == i + 1 || !IsDigit(text, next)) continue;
            result.Append('+').Append(text[next]);
            i = next;
        }
        return result.ToString();
    }

    private static bool IsDigit(string text, int at) => at < text.Length && char.IsAsciiDigit(text[at]);
}
