using System.Globalization;
using System.Numerics;
using System.Text;

namespace ViSurf.Core.Rewards.Algebra;

/// <summary>The normal form of answers of the MATH data set (Hendrycks et al. 2021): the same formula, written once.</summary>
internal static class MathSetForm
{
    /// <summary>The normal form, or the trimmed answer itself where the rules do not fit it.</summary>
    public static string Of(string answer)
    {
        answer = answer.Trim();
        return Normal((TextContent(answer) ?? answer).Trim()) ?? (TextContent(answer) ?? answer).Trim();
    }

    /// <summary>What <c>\text{…}</c> around everything holds, or null.</summary>
    internal static string? TextContent(string text)
    {
        const string Open = "\\text{";
        var end = text.EndsWith("}\n", StringComparison.Ordinal) ? text.Length - 2 : text.Length - 1;
        return text.StartsWith(Open, StringComparison.Ordinal) && end > Open.Length && text[end] == '}' && text.AsSpan(Open.Length, end - Open.Length).IndexOf('\n') < 0
            ? text[Open.Length..end]
            : null;
    }

    /// <summary>null where the reference gives up.</summary>
    private static string? Normal(string text)
    {
        text = Without(text, "\n", "\\!").Replace("\\\\", "\\", StringComparison.Ordinal);
        text = text.Replace("tfrac", "frac", StringComparison.Ordinal).Replace("dfrac", "frac", StringComparison.Ordinal);
        text = Without(text, "\\left", "\\right", "^{\\circ}", "^\\circ", "\\$");
        var units = text.Split("\\text{ ");
        if (units.Length > 2) return null;
        text = Without(units[0], "\\%", "%").Replace(" .", " 0.", StringComparison.Ordinal).Replace("{.", "{0.", StringComparison.Ordinal);
        if (text.Length == 0) return text;
        if (text[0] == '.') text = "0" + text;
        // "x = 3" answers "3".
        var sides = text.Split('=');
        if (sides.Length == 2 && sides[0].Length <= 2) text = sides[1];
        return BracedRoots(text) is not { } rooted || BracedFractions(rooted.Replace(" ", "", StringComparison.Ordinal)) is not { } braced
            ? null
            : SlashAsFraction(braced == "0.5" ? "\\frac{1}{2}" : braced);
    }

    private static string Without(string text, params string[] parts)
        => parts.Aggregate(text, (rest, part) => rest.Replace(part, "", StringComparison.Ordinal));

    /// <summary><c>\sqrt3</c> to <c>\sqrt{3}</c>; null when nothing follows a root.</summary>
    private static string? BracedRoots(string text)
    {
        const string Root = "\\sqrt";
        var parts = text.Split(Root);
        var result = new StringBuilder(parts[0]);
        foreach (var part in parts.Skip(1))
        {
            if (part.Length == 0) return null;
            result.Append(Root);
            if (part[0] == '{') result.Append(part);
            else result.Append('{').Append(part[0]).Append('}').Append(part.AsSpan(1));
        }
        return result.ToString();
    }

    /// <summary><c>\frac12</c> and <c>\frac1{2}</c> to <c>\frac{1}{2}</c>; the text itself when one character follows, null when none does.</summary>
    private static string? BracedFractions(string text)
    {
        const string Fraction = "\\frac";
        var parts = text.Split(Fraction);
        var result = new StringBuilder(parts[0]);
        foreach (var part in parts.Skip(1))
        {
            if (part.Length == 0) return null;
            result.Append(Fraction);
            if (part[0] == '{') result.Append(part);
            else if (part.Length < 2) return text;
            else if (part[1] == '{') result.Append('{').Append(part[0]).Append('}').Append(part.AsSpan(1));
            else result.Append('{').Append(part[0]).Append("}{").Append(part[1]).Append('}').Append(part.AsSpan(2));
        }
        return result.ToString();
    }

    /// <summary>3/4 to <c>\frac{3}{4}</c> where both are integers without leading zeros.</summary>
    private static string SlashAsFraction(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 2 && IsPlainInteger(parts[0]) && IsPlainInteger(parts[1]) ? $"\\frac{{{parts[0]}}}{{{parts[1]}}}" : text;
    }

    private static bool IsPlainInteger(string text)
        => BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value.ToString(CultureInfo.InvariantCulture) == text;
}
