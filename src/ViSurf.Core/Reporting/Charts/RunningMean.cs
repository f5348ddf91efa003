namespace ViSurf.Core.Reporting.Charts;

/// <summary>A quieter line through numbers that jump from step to step.</summary>
internal static class RunningMean
{
    private const int Fewest = 24;

    /// <summary>
    /// Means over a window of a tenth of the rows around each, cut at the ends; only for lines that go up and down more than six times their own
    /// range, so that a schedule keeps its corners.
    /// </summary>
    /// <param name="values">null where there is none; stays null.</param>
    /// <returns>null when the line is quiet or short.</returns>
    public static double?[]? Of(IReadOnlyList<double?> values)
    {
        var numbers = values.OfType<double>().ToArray();
        if (numbers.Length < Fewest) return null;
        var travelled = numbers.Zip(numbers.Skip(1), (a, b) => Math.Abs(b - a)).Sum();
        if (travelled <= 6 * (numbers.Max() - numbers.Min())) return null;
        return Over(values);
    }

    /// <summary>The same means for any line.</summary>
    public static double?[] Over(IReadOnlyList<double?> values)
    {
        var reach = Math.Max(2, values.Count / 20);
        return [.. values.Select((value, i) => value is null ? (double?)null : values.Skip(i - reach).Take(Math.Min(i, reach) + 1 + reach).OfType<double>().Average())];
    }
}
