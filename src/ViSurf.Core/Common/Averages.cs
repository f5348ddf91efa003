namespace ViSurf.Core.Common;

/// <summary>Means and standard deviations of managed numbers, summed in their order; what there is none of is null.</summary>
internal static class Averages
{
    /// <summary>The mean; null for no values.</summary>
    public static double? MeanOrNull(this IEnumerable<double> values)
    {
        var (sum, count) = (0.0, 0);
        foreach (var value in values) (sum, count) = (sum + value, count + 1);
        return count == 0 ? null : sum / count;
    }

    /// <summary>The standard deviation of a sample: squares over n − 1. Null for fewer than two values.</summary>
    public static double? DeviationOrNull(this double[] values)
        => values.Length < 2 ? null : values.DeviationFrom(values.Sum() / values.Length, values.Length - 1);

    /// <summary>The root of the squared distances from a mean over a divisor: n − 1 for a sample's deviation, n for that of all there is.</summary>
    public static double DeviationFrom(this double[] values, double mean, int divisor)
        => Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / divisor);
}
