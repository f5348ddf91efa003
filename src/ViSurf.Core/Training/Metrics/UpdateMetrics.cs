using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Metrics;

/// <summary>
/// What the updates say: means over the step's updates, a skipped one included, because its NaN is the news. The learning rate is the last one's.
/// </summary>
internal static class UpdateMetrics
{
    /// <summary>Objectives' own names and those that people know.</summary>
    private static readonly (string Name, string Key)[] Known =
    [
        ("policy_loss", "policy_loss"), ("nll", "nll"), ("entropy", ScoreMetrics.Better["entropy"]), ("kl", "kl"), ("approx_kl", "approx_kl"), ("ratio", ScoreMetrics.Better["ratio"]),
        ("clip_ratio/low_mean", "clip_low_fraction"), ("clip_ratio/high_mean", "clip_high_fraction"), ("clip_ratio/region_mean", "clip_fraction"),
        ("sampling/sampling_logp_difference/mean", ScoreMetrics.SamplerDrift), ("sampling/sampling_logp_difference/max", ScoreMetrics.SamplerDriftMax),
    ];

    /// <summary>Told by others: gt/* are the same numbers over the labels that were scored.</summary>
    private static readonly string[] Superseded =
    [
        "demonstration_weight", "demonstration_advantage", "demonstration_log_prob", "demonstration_ratio",
        ScoreMetrics.LabelLogProb, ScoreMetrics.LabelRatio, ScoreMetrics.LabelEntropy, GradientSplit.Label, GradientSplit.Rollouts,
    ];

    public static IEnumerable<StepMetric> Of(StepReport report)
    {
        var updates = report.Updates;
        var shared = StepMetric.Present(
        [
            ("loss", updates.Select(u => u.Loss).MeanOrNull()),
            ("grad_norm", updates.Select(u => u.GradientNorm).MeanOrNull()),
            ("learning_rate", updates is [.., var last] ? last.LearningRate : null),
            .. Known.Select(k => (k.Name, Mean(updates, k.Key))),
            ("updates", updates.Count(u => u.Skipped is null)),
            ("skipped_updates", report.SkippedUpdates),
        ]);
        var known = Known.Select(k => k.Key).Concat(Superseded).ToHashSet();
        var own = updates.SelectMany(u => u.Metrics.Keys.Where(key => !ScoreMetrics.IsToldBetter(key, u.Metrics))).Distinct().Where(key => !known.Contains(key)).Order(StringComparer.Ordinal);
        return shared.Concat(StepMetric.Present([.. own.Select(key => ($"objective/{key}", Mean(updates, key)))]));
    }

    /// <summary>Mean over the updates that measured it; null when none did.</summary>
    public static double? Mean(IReadOnlyList<UpdateReport> updates, string key)
        => updates.Where(u => u.Metrics.ContainsKey(key)).Select(u => u.Metrics[key]).MeanOrNull();
}
