using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Evaluation;

/// <summary>A set of metrics; turns answers into a report. Immutable.</summary>
public sealed class EvaluationSuite
{
    /// <summary>A suite of these metrics, in this order.</summary>
    /// <exception cref="ArgumentException">Two share a name.</exception>
    public EvaluationSuite(params IEnumerable<Metric> metrics)
    {
        Metrics = [.. Guard.NotNull(metrics)];
        if (Metrics.GroupBy(metric => Guard.NotNull(metric).Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new ArgumentException($"Expected every metric of a suite to have its own name, got '{twice.Key}' twice. Rename one: metric with {{ Name = \"…\" }}.", nameof(metrics));
    }

    /// <summary>The metrics, in the order of the report.</summary>
    public IReadOnlyList<Metric> Metrics { get; }

    private static IRewardFunction Truncated { get; }
        = RewardFunction.From("truncated", (_, completion) => completion.FinishReason == FinishReason.Length ? 1 : 0);

    private static IRewardFunction Tokens { get; }
        = RewardFunction.From("tokens", (_, completion) => completion.TokenIds.Count, maximum: int.MaxValue);

    /// <summary>A new suite with more metrics.</summary>
    public EvaluationSuite With(params IEnumerable<Metric> metrics) => new([.. Metrics, .. Guard.NotNull(metrics)]);

    /// <summary>
    /// The metrics of the field for every kind of label; those that apply to nothing are left out of a report's table. With several answers to
    /// an example also the mean, best and majority of exact answers.
    /// </summary>
    /// <param name="answers">Answers per example.</param>
    /// <param name="options">How predicted regions are read.</param>
    public static EvaluationSuite Standard(int answers = 1, GroundingOptions? options = null)
    {
        var exact = new ExactAnswerReward();
        var suite = new EvaluationSuite(
            GroundingMetrics.GIoU(options), GroundingMetrics.CIoU(options), GroundingMetrics.NAcc(options), GroundingMetrics.TAcc(options),
            GroundingMetrics.BoxAccuracy(options: options), GroundingMetrics.PointInBox(options), GroundingMetrics.Unreadable(options),
            BinaryMetrics.RocAuc("presence", BinaryMetrics.Presence(options)), BinaryMetrics.Accuracy("presence", BinaryMetrics.Presence(options)),
            BinaryMetrics.RocAuc("yes_no", BinaryMetrics.YesNo), BinaryMetrics.Accuracy("yes_no", BinaryMetrics.YesNo),
            AnswerMetrics.Mean(exact), AnswerMetrics.Mean(TextRewards.Relaxed()), AnswerMetrics.Mean(TextRewards.Anls()),
            AnswerMetrics.Mean(new ThinkingFormatReward()), AnswerMetrics.Mean(Truncated), AnswerMetrics.Mean(Tokens));
        return Guard.Positive(answers) == 1 ? suite
            : suite.With(AnswerMetrics.MeanAt(exact, answers), AnswerMetrics.BestAt(exact, answers), AnswerMetrics.MajorityAt(exact, answers));
    }

    /// <summary>Measures every example with every metric.</summary>
    /// <param name="examples">Answers, from an evaluator or from a file of predictions.</param>
    /// <param name="bootstrap">How intervals are made; null means the defaults.</param>
    /// <exception cref="InvalidOperationException">
    /// A metric threw or gave a number that is not finite; names metric and example. Or a source and a metric come to the name of another number.
    /// </exception>
    public EvaluationReport Report(IEnumerable<EvaluatedExample> examples, BootstrapOptions? bootstrap = null)
    {
        bootstrap ??= new BootstrapOptions();
        var rows = Guard.NotNull(examples).ToArray();
        var terms = Metrics.Select(metric => rows.Select(row => TermOf(metric, row)).ToArray()).ToArray();
        var sources = rows.Select((row, i) => (row.Source, Index: i)).GroupBy(row => row.Source, row => row.Index).ToArray();
        var report = new EvaluationReport
        {
            Confidence = bootstrap.Confidence,
            Total = Part("", [.. Enumerable.Range(0, rows.Length)]),
            Sources = sources.Length < 2 ? [] : [.. sources.Select(source => Part(source.Key, [.. source]))],
        };
        return report.Distinct();

        SourceReport Part(string source, int[] indices) => new(source, indices.Length, indices.Sum(i => rows[i].Completions.Count),
            [.. Metrics.Select((metric, m) => ResultOf(metric, [.. indices.Select(i => terms[m][i]).OfType<MetricTerm>()], bootstrap))]);
    }

    private static MetricResult ResultOf(Metric metric, MetricTerm[] terms, BootstrapOptions bootstrap)
        => metric.Combine(terms) is { } value
            ? new MetricResult(metric.Name, terms.Length, value, Bootstrap.Interval(terms, metric.Combine, bootstrap))
            : new MetricResult(metric.Name, terms.Length, null, null);

    private static MetricTerm? TermOf(Metric metric, EvaluatedExample row)
    {
        MetricTerm? term;
        try
        {
            term = metric.Measure(Guard.NotNull(row));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Metric '{metric.Name}' failed on example '{row.Example.Id}': {e.Message}", e);
        }
        return term is not var (value, weight) || (double.IsFinite(value) && double.IsFinite(weight))
            ? term
            : throw new InvalidOperationException(
                $"Expected finite numbers from metric '{metric.Name}' on example '{row.Example.Id}', got {term}. Return null where the metric does not apply.");
    }
}
