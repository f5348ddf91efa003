using ViSurf.Core.Common;

namespace ViSurf.Core.Evaluation;

/// <summary>What one example adds to a metric.</summary>
/// <param name="Value">The numerator; of a ranking metric, the score.</param>
/// <param name="Weight">The denominator; of a ranking metric, 1 for a positive and 0 for a negative.</param>
public readonly record struct MetricTerm(double Value, double Weight = 1);

/// <summary>The metric of a set of examples.</summary>
/// <param name="terms">What they add, in any order; may be empty.</param>
/// <returns>null when the metric is not defined for them.</returns>
public delegate double? MetricCombination(ReadOnlySpan<MetricTerm> terms);

/// <summary>
/// A named number over a set of examples: what each adds, and how that is put together. The two halves are apart so that an interval can
/// resample examples without reading a completion twice.
/// </summary>
/// <param name="Name">Unique in a suite; snake case by custom.</param>
/// <param name="Measure">What an example adds; null where the metric does not apply. Pure.</param>
/// <param name="Combine">What the terms of many examples come to. Pure.</param>
public sealed record Metric(string Name, Func<EvaluatedExample, MetricTerm?> Measure, MetricCombination Combine)
{
    /// <summary>Unique in a suite.</summary>
    public string Name { get; init => field = Guard.NotBlank(value); } = Guard.NotBlank(Name);

    /// <summary>The mean of one number per example.</summary>
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="value">null leaves the example out.</param>
    public static Metric Mean(string name, Func<EvaluatedExample, double?> value)
    {
        Guard.NotNull(value);
        return new Metric(name, example => value(example) is { } number ? new MetricTerm(number) : null, SumOfValuesOverSumOfWeights);
    }

    /// <summary>The sum of numerators over the sum of denominators; not defined where the latter is 0.</summary>
    /// <param name="name">See <see cref="Name"/>.</param>
    /// <param name="parts">null leaves the example out.</param>
    public static Metric Ratio(string name, Func<EvaluatedExample, (double Numerator, double Denominator)?> parts)
    {
        Guard.NotNull(parts);
        return new Metric(name, example => parts(example) is var (numerator, denominator) ? new MetricTerm(numerator, denominator) : null, SumOfValuesOverSumOfWeights);
    }

    private static double? SumOfValuesOverSumOfWeights(ReadOnlySpan<MetricTerm> terms)
    {
        var (values, weights) = (0.0, 0.0);
        foreach (var term in terms) (values, weights) = (values + term.Value, weights + term.Weight);
        return weights > 0 ? values / weights : null;
    }
}
