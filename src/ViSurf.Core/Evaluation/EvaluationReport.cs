using System.Globalization;
using System.Text;

namespace ViSurf.Core.Evaluation;

/// <summary>One metric of a set of examples.</summary>
/// <param name="Name">The metric's name.</param>
/// <param name="Examples">Examples it applies to.</param>
/// <param name="Value">null when it applies to none, or is not defined for them.</param>
/// <param name="Interval">Of the bootstrap; null without one.</param>
public sealed record MetricResult(string Name, int Examples, double? Value, ConfidenceInterval? Interval);

/// <summary>The metrics of one source.</summary>
/// <param name="Source">Its name.</param>
/// <param name="Examples">Its examples.</param>
/// <param name="Answers">Answers to them, all together.</param>
/// <param name="Metrics">In the suite's order.</param>
public sealed record SourceReport(string Source, int Examples, int Answers, IReadOnlyList<MetricResult> Metrics);

/// <summary>What a suite says about a set of answers. <see cref="ToString"/> is a table.</summary>
public sealed record EvaluationReport
{
    /// <summary>Over all examples.</summary>
    public required SourceReport Total { get; init; }

    /// <summary>Source by source, in order of appearance; empty when all examples have the same.</summary>
    public required IReadOnlyList<SourceReport> Sources { get; init; }

    /// <summary>What the intervals hold, in [0, 1].</summary>
    public required double Confidence { get; init; }

    /// <summary>A metric over all examples; null when it applies to none of them or is not defined.</summary>
    /// <exception cref="ArgumentException">The suite had no such metric.</exception>
    public double? this[string name] => Total.Metrics.FirstOrDefault(metric => metric.Name == name) is { } found
        ? found.Value
        : throw new ArgumentException($"Expected one of the metrics {string.Join(", ", Total.Metrics.Select(metric => metric.Name))}, got '{name}'.", nameof(name));

    /// <summary>Every number there is: "g_iou" over all examples, "source/g_iou" of one source.</summary>
    /// <exception cref="InvalidOperationException">Two have one name; a report of <see cref="EvaluationSuite.Report"/> has been looked at for that.</exception>
    public IReadOnlyDictionary<string, double> Values
        => Distinct().Numbers.Where(number => number.Metric.Value is not null).ToDictionary(number => number.Name, number => number.Metric.Value!.Value);

    private IEnumerable<(string Name, MetricResult Metric, string Where)> Numbers
        => Sources.SelectMany(source => source.Metrics.Select(metric => ($"{source.Source}/{metric.Name}", metric, $"source '{source.Source}'")))
            .Concat(Total.Metrics.Select(metric => (metric.Name, metric, "all examples")));

    /// <summary>A table: value, interval and number of examples of every metric that applies, all examples first, then source by source.</summary>
    public override string ToString()
    {
        var parts = new[] { Total with { Source = "all" } }.Concat(Sources).ToArray();
        var width = Math.Max(12, parts.SelectMany(part => part.Metrics.Select(metric => metric.Name.Length + 2).Prepend(part.Source.Length)).Max());
        var text = new StringBuilder();
        Line("", "value", string.Create(CultureInfo.InvariantCulture, $"{Confidence * 100:0.##} % interval"), "examples");
        foreach (var part in parts)
        {
            Line(part.Source.Length == 0 ? "(no source)" : part.Source, "", "", Whole(part.Examples));
            foreach (var metric in part.Metrics.Where(metric => metric.Value is not null))
                Line("  " + metric.Name, Number(metric.Value!.Value), metric.Interval is var (low, high) ? $"{Number(low)} to {Number(high)}" : "", Whole(metric.Examples));
        }
        return text.ToString();

        void Line(string name, string value, string interval, string examples)
            => text.Append(name.PadRight(width)).Append(value.PadLeft(10)).Append("  ").Append(interval.PadRight(18)).Append(examples.PadLeft(10)).Append('\n');
    }

    /// <summary>This report, whose numbers have names of their own.</summary>
    /// <exception cref="InvalidOperationException">Two have one name; says which.</exception>
    internal EvaluationReport Distinct()
        => Numbers.GroupBy(number => number.Name).FirstOrDefault(same => same.Count() > 1) is not { } twice ? this
            : throw new InvalidOperationException(
                $"Expected every number of a report to have a name of its own, got '{twice.Key}' twice: "
                + string.Join(", and ", twice.Select(number => $"metric '{number.Metric.Name}' of {number.Where}"))
                + ". Rename the metric (metric with { Name = \"…\" }) or the source.");

    private static string Number(double value) => value.ToString(Math.Abs(value) < 100 ? "0.0000" : "0.0", CultureInfo.InvariantCulture);

    private static string Whole(int number) => number.ToString(CultureInfo.InvariantCulture);
}
