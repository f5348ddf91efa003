using System.Globalization;
using System.Text;

namespace ViSurf.Core.Data;

/// <summary>
/// Texts and numbers as Python's <c>json.dumps(…, ensure_ascii=False)</c> writes them, to the character: labels are taught as they are
/// written.
/// </summary>
internal static class JsonText
{
    /// <summary>
    /// In quotes. <c>"</c>, <c>\</c> and the control characters below U+0020 are escaped, as <c>\n \r \t \b \f</c> or <c>\u001f</c>;
    /// everything else stands as it is, U+007F, U+2028 and halves of surrogate pairs included.
    /// </summary>
    public static string Quote(string text)
    {
        var json = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
            _ = c switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append(@"\\"),
                '\n' => json.Append(@"\n"),
                '\r' => json.Append(@"\r"),
                '\t' => json.Append(@"\t"),
                '\b' => json.Append(@"\b"),
                '\f' => json.Append(@"\f"),
                < ' ' => json.Append(CultureInfo.InvariantCulture, $@"\u{(int)c:x4}"),
                _ => json.Append(c),
            };
        return json.Append('"').ToString();
    }

    /// <summary>A coordinate: a whole number without a point, as Python writes an int, another as <see cref="Float"/> does.</summary>
    public static string Number(double value)
        => value == Math.Floor(value) && Math.Abs(value) <= 1L << 53 ? ((long)value).ToString(CultureInfo.InvariantCulture) : Float(value);

    /// <summary>
    /// The shortest digits that give the number back, in Python's layout: <c>1.0</c>, <c>0.0001</c>, <c>1e-05</c>, <c>1e+16</c>,
    /// <c>NaN</c>.
    /// </summary>
    public static string Float(double value)
    {
        if (double.IsNaN(value)) return "NaN";
        if (double.IsInfinity(value)) return value > 0 ? "Infinity" : "-Infinity";
        // .NET finds the same digits as Python and lays them out otherwise: 1E+15 is 1000000000000000.0 there.
        var shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E');
        var point = shortest[0].Split('.');
        var all = string.Concat(point);
        var digits = all.TrimStart('0');
        // Of the first digit that counts.
        var exponent = point[0].Length - 1 - (all.Length - digits.Length);
        if (shortest.Length > 1) exponent += int.Parse(shortest[1], CultureInfo.InvariantCulture);
        digits = digits.TrimEnd('0');
        if (digits.Length == 0) return double.IsNegative(value) ? "-0.0" : "0.0";
        var text = exponent switch
        {
            >= -4 and < 0 => "0." + new string('0', -exponent - 1) + digits,
            >= 0 and < 16 when digits.Length <= exponent + 1 => digits.PadRight(exponent + 1, '0') + ".0",
            >= 0 and < 16 => digits.Insert(exponent + 1, "."),
            _ => (digits.Length > 1 ? digits.Insert(1, ".") : digits) + exponent.ToString("'e+'00;'e-'00", CultureInfo.InvariantCulture),
        };
        return double.IsNegative(value) ? "-" + text : text;
    }
}
