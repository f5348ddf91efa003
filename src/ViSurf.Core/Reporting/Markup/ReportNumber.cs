using System.Globalization;

namespace ViSurf.Core.Reporting.Markup;

/// <summary>Numbers as a report shows them, the same in every culture.</summary>
internal static class ReportNumber
{
    /// <summary>What stands where there is no number.</summary>
    public const string None = "–";

    /// <summary>About four significant digits; scientific below 0.001 and from a million on.</summary>
    public static string Text(double? value)
    {
        if (value is not { } v) return None;
        if (!double.IsFinite(v)) return double.IsNaN(v) ? "NaN" : v > 0 ? "∞" : "−∞";
        var size = Math.Abs(v);
        var text = size switch
        {
            0 => "0",
            < 0.001 or >= 999_999.5 => Scientific(size, 2),
            < 9.9995 => size.ToString("0.###", CultureInfo.InvariantCulture),
            < 99.995 => size.ToString("0.##", CultureInfo.InvariantCulture),
            < 999.95 => size.ToString("0.#", CultureInfo.InvariantCulture),
            _ => size.ToString("#,##0", CultureInfo.InvariantCulture),
        };
        return Signed(v, text);
    }

    /// <summary>With as many decimals as told, so that a column of them is aligned.</summary>
    public static string Fixed(double? value, int decimals)
        => value is not { } v || !double.IsFinite(v) || Math.Abs(v) >= 1e7 ? Text(value) : Signed(v, Math.Abs(v).ToString("N" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));

    /// <summary>As <see cref="Fixed"/> with two decimals, a plus sign before what is above 0: an advantage.</summary>
    public static string Change(double value) => (value > 0 ? "+" : "") + Fixed(value, 2);

    /// <summary>Whole numbers with thousands separated.</summary>
    public static string Whole(long value) => Signed(value, Math.Abs((double)value).ToString("#,##0", CultureInfo.InvariantCulture));

    /// <summary>So many of something: one thing, two things.</summary>
    public static string Counted(long count, string one, string many) => $"{Whole(count)} {(count == 1 ? one : many)}";

    /// <summary>A share in [0, 1] as per cent.</summary>
    public static string Share(double? value) => value is not { } v || !double.IsFinite(v) || Math.Abs(v) >= 1e7 ? Text(value) : Fixed(100 * v, v != 0 && Math.Abs(v) < 0.0995 ? 1 : 0) + " %";

    /// <summary>Seconds in the units a person would use.</summary>
    public static string Duration(double seconds)
    {
        if (!double.IsFinite(seconds) || Math.Abs(seconds) >= 1e9) return Text(seconds) + " s";
        if (seconds < 9.995) return Fixed(seconds, 2) + " s";
        if (seconds < 59.95) return Fixed(seconds, 1) + " s";
        var whole = (long)Math.Round(seconds);
        return whole < 3600 ? $"{Whole(whole / 60)} min {whole % 60:00} s" : $"{Whole(whole / 3600)} h {whole / 60 % 60:00} min";
    }

    /// <summary>A coordinate of a drawing: two decimals at most, a point, no exponent.</summary>
    public static string Coordinate(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>As 1.25e-6, with at most so many decimals.</summary>
    public static string Scientific(double value, int decimals)
        => Signed(value, Math.Abs(value).ToString("0." + new string('#', decimals) + "e+0", CultureInfo.InvariantCulture).Replace("e+", "e", StringComparison.Ordinal));

    private static string Signed(double value, string text) => value < 0 && text.Any(c => c is > '0' and <= '9') ? "−" + text : text;
}
