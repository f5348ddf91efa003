using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Evaluation;

/// <summary>An answer to a question of yes or no.</summary>
/// <param name="IsPositive">What the label says.</param>
/// <param name="Score">How much the answer says yes: more is more.</param>
public readonly record struct BinaryReading(bool IsPositive, double Score);

/// <summary>
/// Metrics of yes or no, from answers in words, from whether anything was found, or from scores of your own. With several answers to an example
/// the ranking is by their mean score, so that a policy that says yes three times of four ranks above one that says it twice.
/// </summary>
public static class BinaryMetrics
{
    /// <summary>
    /// Area under the ROC curve as the Mann–Whitney statistic: the share of pairs of a positive and a negative example in which the positive has
    /// the higher score, a tie counting one half. Not defined without a positive or without a negative.
    /// </summary>
    /// <param name="subject">The metric is called "subject_roc_auc".</param>
    /// <param name="read">Reads an answer; null leaves the example out. See <see cref="Presence"/> and <see cref="YesNo"/>.</param>
    public static Metric RocAuc(string subject, Func<VisionExample, Completion, BinaryReading?> read)
    {
        Guard.NotNull(read);
        return new Metric($"{Guard.NotBlank(subject)}_roc_auc", example => Readings(example, read) is { Length: > 0 } readings
            ? new MetricTerm(readings.Average(r => r.Score), readings[0].IsPositive ? 1 : 0)
            : null, Area);
    }

    /// <summary>The share of answers that are right.</summary>
    /// <param name="subject">The metric is called "subject_accuracy".</param>
    /// <param name="read">See <see cref="RocAuc"/>.</param>
    /// <param name="threshold">The score from which on an answer says yes. 0.5.</param>
    public static Metric Accuracy(string subject, Func<VisionExample, Completion, BinaryReading?> read, double threshold = 0.5)
    {
        Guard.NotNull(read);
        return Metric.Mean($"{Guard.NotBlank(subject)}_accuracy", example => Readings(example, read) is { Length: > 0 } readings
            ? readings.Average(r => r.Score >= threshold == r.IsPositive ? 1.0 : 0)
            : null);
    }

    /// <summary>
    /// Whether anything is there (anomaly detection in ViSurf: an empty list is a normal picture): 0 for an empty list, else the largest confidence,
    /// 1 where the answer's form has none. For labels of boxes and masks; an answer that cannot be read counts as the wrong one, 0 or 1.
    /// </summary>
    /// <param name="options">How predictions are read.</param>
    public static Func<VisionExample, Completion, BinaryReading?> Presence(GroundingOptions? options = null) => (example, completion) =>
    {
        if (GroundingRow.Of(example, completion, options) is not { } row) return null;
        if (!row.Parsed) return Wrong(!row.TargetEmpty);
        if (row.PredictedEmpty) return new BinaryReading(!row.TargetEmpty, 0);
        var score = example.Target is DetectionTarget { Form: var form }
            ? DetectionAnswer.FromText(completion.Text, form, acceptBareText: options?.AcceptBareText ?? false)!.Max(d => d.Confidence)
            : 1;
        return new BinaryReading(!row.TargetEmpty, score);
    };

    /// <summary>
    /// Yes or no in words: 1 or 0, for text labels that are "yes" or "no". An answer that says neither or both counts as the wrong one. See
    /// <see cref="ChoiceText.YesNo"/>.
    /// </summary>
    public static BinaryReading? YesNo(VisionExample example, Completion completion)
    {
        if (Guard.NotNull(example).Target is not TextTarget { Text: var label }) return null;
        bool? truth = ExactAnswerReward.Normalize(label) switch { "yes" => true, "no" => false, _ => null };
        if (truth is not { } isPositive) return null;
        AnswerText.TryFind(Guard.NotNull(completion).Text, acceptBareText: true, out var answer);
        return ChoiceText.YesNo(answer) is { } said ? new BinaryReading(isPositive, said ? 1 : 0) : Wrong(isPositive);
    }

    /// <summary>By ranks: the positives' ranks sum to their wins over negatives plus what they have among themselves.</summary>
    /// <exception cref="ArgumentException">A score is not a number.</exception>
    private static double? Area(ReadOnlySpan<MetricTerm> terms)
    {
        var sorted = terms.ToArray();
        if (Array.FindIndex(sorted, term => double.IsNaN(term.Value)) is var at and >= 0)
            throw new ArgumentException($"Expected a score that can be ranked from every example, got NaN from term {at} of {sorted.Length}. Return null where an answer has no score.", nameof(terms));
        Array.Sort(sorted, (a, b) => a.Value.CompareTo(b.Value));
        var (positives, ranks) = (0.0, 0.0);
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            var tied = 0;
            for (end = start; end < sorted.Length && sorted[end].Value == sorted[start].Value; end++)
                if (sorted[end].Weight > 0) tied++;
            // Ranks from 1; equal scores share the mean of theirs.
            ranks += tied * ((start + 1 + end) / 2.0);
            positives += tied;
        }
        var negatives = sorted.Length - positives;
        return positives > 0 && negatives > 0 ? (ranks - positives * (positives + 1) / 2) / (positives * negatives) : null;
    }

    private static BinaryReading Wrong(bool isPositive) => new(isPositive, isPositive ? 0 : 1);

    private static BinaryReading[] Readings(EvaluatedExample example, Func<VisionExample, Completion, BinaryReading?> read)
        => example.Completions.Select(completion => read(example.Example, completion)).OfType<BinaryReading>().ToArray();
}
