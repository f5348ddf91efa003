using ViSurf.Core.Common;

namespace ViSurf.Core.Evaluation;

/// <summary>How intervals are made.</summary>
public sealed record BootstrapOptions
{
    /// <summary>Sets of examples drawn.</summary>
    /// <value>1000: the ends of a 95 % interval then rest on 25 sets each. 0: no intervals.</value>
    public int Resamples { get; init => field = Guard.NotNegative(value); } = 1000;

    /// <summary>The share of drawn sets whose metric lies in the interval.</summary>
    /// <value>0.95.</value>
    public double Confidence { get; init => field = Guard.InRange(value, 0, 1); } = 0.95;

    /// <summary>Root of the draws.</summary>
    /// <value>0.</value>
    public long Seed { get; init; }
}

/// <summary>Where a metric would likely lie on other examples of the same kind.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
public sealed record ConfidenceInterval(double Low, double High);

/// <summary>
/// Percentile bootstrap (Efron 1979): the metric of many sets of as many examples, drawn with replacement from those it applies to. It says how
/// far other examples would move the number, not other answers to the same.
/// </summary>
public static class Bootstrap
{
    private static readonly ulong Purpose = SeedStream.Key("bootstrap");

    /// <summary>The interval of a metric. Sets for which it is not defined (no positive among them, say) are left out.</summary>
    /// <param name="terms">One per example.</param>
    /// <param name="combine">The metric.</param>
    /// <param name="options">Null means the defaults.</param>
    /// <returns>null for fewer than two examples, without resamples, or when the metric is defined for none of the sets.</returns>
    public static ConfidenceInterval? Interval(ReadOnlySpan<MetricTerm> terms, MetricCombination combine, BootstrapOptions? options = null)
    {
        Guard.NotNull(combine);
        options ??= new BootstrapOptions();
        if (terms.Length < 2) return null;
        var (drawn, values) = (new MetricTerm[terms.Length], new List<double>(options.Resamples));
        for (var r = 0; r < options.Resamples; r++)
        {
            for (var i = 0; i < drawn.Length; i++) drawn[i] = terms[Index(options.Seed, r, i, terms.Length)];
            if (combine(drawn) is { } value) values.Add(value);
        }
        if (values.Count == 0) return null;
        values.Sort();
        return new ConfidenceInterval(Quantile(values, (1 - options.Confidence) / 2), Quantile(values, (1 + options.Confidence) / 2));
    }

    /// <summary>The high half of a 128-bit product maps 64 random bits to [0, count).</summary>
    private static int Index(long seed, int resample, int position, int count)
        => (int)Math.BigMul(SeedStream.Bits(seed, resample, Purpose, 0, position), (ulong)count, out _);

    /// <summary>Between the two nearest values, as numpy's default.</summary>
    private static double Quantile(List<double> sorted, double share)
    {
        var place = share * (sorted.Count - 1);
        var below = (int)Math.Floor(place);
        var above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
