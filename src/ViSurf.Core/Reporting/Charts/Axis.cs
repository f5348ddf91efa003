using ViSurf.Core.Reporting.Markup;

namespace ViSurf.Core.Reporting.Charts;

/// <summary>What the numbers of a chart are, which decides where its axis begins and how they are written.</summary>
internal enum ChartUnit
{
    /// <summary>Any number; the axis fits the values.</summary>
    Number,

    /// <summary>A number that is never negative and is seen best from 0.</summary>
    Amount,

    /// <summary>As <see cref="Amount"/>, in powers of ten when values lie a thousandfold apart.</summary>
    Magnitude,

    /// <summary>In [0, 1], written as per cent.</summary>
    Share,

    /// <summary>Seconds from 0.</summary>
    Seconds,
}

/// <summary>A range of numbers with round marks.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end, above <paramref name="Low"/>.</param>
/// <param name="Ticks">Round numbers in the range, rising.</param>
/// <param name="Unit">Of the numbers.</param>
/// <param name="IsLog">Whether equal lengths are equal ratios.</param>
internal sealed record Axis(double Low, double High, IReadOnlyList<double> Ticks, ChartUnit Unit, bool IsLog = false)
{
    private const int MostIntervals = 5;

    /// <summary>Where a value lies, 0 at the lower end and 1 at the upper.</summary>
    public double At(double value)
        => IsLog ? (Math.Log10(Math.Max(value, Low)) - Math.Log10(Low)) / (Math.Log10(High) - Math.Log10(Low)) : (value - Low) / (High - Low);

    /// <summary>A mark as text, with as many decimals as its neighbours need.</summary>
    public string Text(double tick)
    {
        if (Unit == ChartUnit.Share) return ReportNumber.Fixed(100 * tick, 0) + " %";
        if (IsLog || Ticks.Count < 2) return ReportNumber.Text(tick);
        var interval = Ticks[1] - Ticks[0];
        var size = (int)Math.Floor(Math.Log10(interval) + 1e-9);
        if (interval >= 1e-4 && Math.Max(-Low, High) < 1e6) return ReportNumber.Fixed(tick, Math.Max(0, -size));
        if (Math.Abs(tick) < interval / 2) return "0";
        return ReportNumber.Scientific(tick, Math.Max(0, (int)Math.Floor(Math.Log10(Math.Abs(tick)) + 1e-9) - size));
    }

    /// <summary>The axis for some values.</summary>
    /// <param name="values">Finite; may be empty.</param>
    /// <param name="unit">Of the values.</param>
    public static Axis Of(IReadOnlyCollection<double> values, ChartUnit unit)
    {
        if (unit == ChartUnit.Share && values.All(v => v is >= 0 and <= 1)) return new Axis(0, 1, [0, 0.25, 0.5, 0.75, 1], unit);
        var (low, high) = values.Count == 0 ? (0, 1) : (Tame(values.Min()), Tame(values.Max()));
        if (unit == ChartUnit.Magnitude && low > 0 && high / low >= 1000) return Powers(low, high);
        if (unit is not ChartUnit.Number && low >= 0) low = 0;
        if (high - low <= 1e-3 * Math.Max(Math.Abs(low), Math.Abs(high)))
        {   // One value, or rounding around one: a level line in the middle.
            var room = low == 0 ? 1 : Math.Abs(low) / 4;
            (low, high) = (low == 0 ? 0 : low - room, Math.Max(low, high) + room);
        }
        var interval = Interval((high - low) / MostIntervals);
        var (from, to) = (Math.Floor(low / interval + 1e-9), Math.Ceiling(high / interval - 1e-9));
        return new Axis(from * interval, to * interval, Marks(from, to, interval), unit);
    }

    /// <summary>The axis of steps: its ends are the run's.</summary>
    public static Axis OfSteps(long first, long last)
    {
        if (last <= first) return new Axis(first - 0.5, first + 0.5, [first], ChartUnit.Number);
        var interval = Math.Max(1, Interval((double)(last - first) / MostIntervals));
        return new Axis(first, last, Marks(Math.Ceiling(first / interval), Math.Floor(last / interval), interval), ChartUnit.Number);
    }

    private static Axis Powers(double low, double high)
    {
        var (from, to) = ((int)Math.Floor(Math.Log10(low) + 1e-9), (int)Math.Ceiling(Math.Log10(high) - 1e-9));
        var every = Math.Max(1, (to - from + MostIntervals - 1) / MostIntervals);
        var ticks = Enumerable.Range(0, (to - from) / every + 1).Select(i => Math.Pow(10, from + i * every)).ToArray();
        return new Axis(Math.Pow(10, from), Math.Pow(10, to), ticks, ChartUnit.Magnitude, IsLog: true);
    }

    private static double[] Marks(double from, double to, double interval)
        => [.. Enumerable.Range(0, (int)Math.Max(0, to - from) + 1).Select(i => (from + i) * interval)];

    /// <summary>1, 2 or 5 times a power of ten, at least as wide as <paramref name="least"/>.</summary>
    private static double Interval(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return (least / power) switch { <= 1.0000001 => 1, <= 2.0000001 => 2, <= 5.0000001 => 5, _ => 10 } * power;
    }

    // Far beyond any number worth a look, and far from where differences overflow or vanish.
    private static double Tame(double value) => Math.Abs(value) < 1e-250 ? 0 : Math.Clamp(value, -1e250, 1e250);
}
