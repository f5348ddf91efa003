using System.Globalization;
using System.Text;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>Numbers as people write them in answers. The same in every culture: a point separates the fraction.</summary>
public static class NumberText
{
    /// <summary>
    /// Reads a text that is one number and nothing else: sign, digits with or without thousands commas in groups of three, fraction,
    /// exponent; a currency sign before it and a percent sign or a full stop after it are allowed. NaN, Infinity and numbers too large for
    /// a double are not read.
    /// </summary>
    /// <param name="text">The answer.</param>
    /// <param name="value">The number.</param>
    /// <param name="isPercent">Whether a percent sign followed; the value is as written, "5%" is 5.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out double value, out bool isPercent)
    {
        (value, isPercent) = (0, false);
        text = ThinkAnswerText.Trim(text);
        if (text.EndsWith(".")) text = ThinkAnswerText.Trim(text[..^1]);
        if (text.EndsWith("%"))
        {
            isPercent = true;
            text = ThinkAnswerText.Trim(text[..^1]);
        }
        var negative = text.StartsWith("-");
        if (negative) text = ThinkAnswerText.Trim(text[1..]);
        if (text.Length > 0 && text[0] is '$' or '€' or '£' or '¥') text = ThinkAnswerText.Trim(text[1..]);
        if (negative && text.StartsWith("-")) return false;
        if (text.Contains(',') && !TryWithoutCommas(ref text)) return false;
        if (!TryPlain(text, out value)) return false;
        if (negative) value = -value;
        return true;
    }

    /// <summary>As <see cref="TryParse(ReadOnlySpan{char}, out double, out bool)"/>, percent signs ignored.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out double value) => TryParse(text, out value, out _);

    /// <summary>Sign, ASCII digits, fraction, exponent; finite.</summary>
    internal static bool TryPlain(ReadOnlySpan<char> text, out double value)
    {
        value = 0;
        var digits = 0;
        foreach (var c in text)
        {
            // Not left to TryParse: it also reads words such as "NaN".
            if (!char.IsAsciiDigit(c) && c is not ('+' or '-' or '.' or 'e' or 'E')) return false;
            if (char.IsAsciiDigit(c)) digits++;
        }
        const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return digits > 0 && double.TryParse(text, Plain, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    /// <summary>"1,234,567.8" to "1234567.8"; false when the groups are not of three ("1,23").</summary>
    private static bool TryWithoutCommas(ref ReadOnlySpan<char> text)
    {
        var whole = text.IndexOfAny('.', 'e', 'E');
        var head = whole < 0 ? text : text[..whole];
        if (whole >= 0 && text[whole..].Contains(',')) return false;
        var joined = new StringBuilder();
        var first = true;
        foreach (var range in head.Split(','))
        {
            var group = head[range];
            var digits = first && group.Length > 0 && group[0] is '+' ? group[1..] : group;
            if (digits.Length is 0 or > 3 || (!first && digits.Length != 3) || digits.ContainsAnyExceptInRange('0', '9')) return false;
            joined.Append(group);
            first = false;
        }
        text = whole < 0 ? joined.ToString() : joined.Append(text[whole..]).ToString();
        return true;
    }
}
