using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Metrics;

/// <summary>Rewards of the rollouts, as the rewards judged them: labels and reward control do not count.</summary>
internal static class RewardMetrics
{
    public static IEnumerable<StepMetric> Of(StepReport report)
    {
        var rewards = report.Rewards;
        var totals = report.Groups.SelectMany(g => g.Scored.RolloutTotals).ToArray();
        var summary = StepMetric.Present(
            ("reward", rewards.Mean),
            ("reward_std", totals.DeviationOrNull()),
            ("reward_group_std", rewards.Deviation),
            ("frac_reward_zero_std", rewards.UniformRollouts),
            ("frac_completions_unjudged", rewards.Unscored),
            ("frac_groups_neutral", rewards.NeutralGroups),
            ("groups_skipped", report.SkippedGroups.Count));
        var components = rewards.Statistics.Components.SelectMany(c => StepMetric.Present(
            ($"rewards/{c.Name}/mean", c.Mean),
            ($"rewards/{c.Name}/std", c.Count < 2 ? null : c.Deviation),
            ($"rewards/{c.Name}/applies", 1 - c.NotApplicable)));
        return summary.Concat(components);
    }
}
