using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Training.Metrics;

/// <summary>What becomes of the labels (gt for ground truth), and what they do.</summary>
internal static class LabelMetrics
{
    public static IEnumerable<StepMetric> Of(StepReport report)
    {
        var learnt = report.Groups.Select(g => (g.Controlled, g.Advantages, Label: LabelOf(g.Controlled))).Where(g => g.Label >= 0).ToArray();
        var judged = report.Groups.Select(g => (g.Scored, Label: LabelOf(g.Scored))).Where(g => g.Label >= 0).ToArray();
        if (judged.Length == 0 && learnt.Length == 0) return Gradients(report);
        return StepMetric.Present(
            ("gt/reward", judged.Any(g => g.Scored.Scores[g.Label].Components.Count > 0) ? report.Rewards.LabelMean : null),
            ("gt/advantage", learnt.Select(g => g.Advantages[g.Label]).MeanOrNull()),
            ("gt/logp", UpdateMetrics.Mean(report.Updates, ScoreMetrics.LabelLogProb)),
            ("gt/ratio", UpdateMetrics.Mean(report.Updates, ScoreMetrics.LabelRatio)),
            ("gt/entropy", UpdateMetrics.Mean(report.Updates, ScoreMetrics.LabelEntropy)),
            ("gt/win_rate", judged.Select(g => WinRate(g.Scored, g.Label)).OfType<double>().MeanOrNull()),
            ("gt/smoothed_frac", learnt.Select(g => g.Controlled.Scores[g.Label].SmoothedTotal is null ? 0.0 : 1.0).MeanOrNull()),
            ("gt/rescued_groups", learnt.Count(g => Uniform(g.Controlled) && g.Advantages[g.Label] != 0)),
            ("gt/weight", UpdateMetrics.Mean(report.Updates, "demonstration_weight"))).Concat(Gradients(report));
    }

    /// <summary>Of the first update of a measured step.</summary>
    private static IEnumerable<StepMetric> Gradients(StepReport report)
    {
        if (report.Updates is not [var update, ..]
            || !update.Metrics.TryGetValue(GradientSplit.Label, out var label) || !update.Metrics.TryGetValue(GradientSplit.Rollouts, out var rollouts)) return [];
        var both = label + rollouts;
        // ‖a + b‖² = ‖a‖² + ‖b‖² + 2 ‖a‖ ‖b‖ cos.
        double? cosine = label > 0 && rollouts > 0
            ? Math.Clamp((update.GradientNorm * update.GradientNorm - label * label - rollouts * rollouts) / (2 * label * rollouts), -1, 1)
            : null;
        return StepMetric.Present(
            ("gt/grad_norm", label), ("gt/grad_share", both > 0 ? label / both : null),
            ("rollouts/grad_norm", rollouts), ("rollouts/grad_share", both > 0 ? rollouts / both : null), ("gt/grad_cosine", cosine));
    }

    private static int LabelOf(ScoredGroup group) => Enumerable.Range(0, group.Scores.Count).FirstOrDefault(group.IsDemonstration, -1);

    /// <summary>
    /// The fraction of the group's judged rollouts below its label, one that equals it counted half; null where there are none, or no
    /// judged label.
    /// </summary>
    private static double? WinRate(ScoredGroup group, int label)
        => group.Scores[label] is { IsScored: true, Total: var total }
            ? group.RolloutTotals.Select(rollout => SameReward.Is(rollout, total) ? 0.5 : rollout < total ? 1 : 0).MeanOrNull()
            : null;

    /// <summary>Whether there are rollouts and all have the same total: alone they would teach nothing.</summary>
    private static bool Uniform(ScoredGroup group) => SameReward.IsAll(group.RolloutTotals);
}
