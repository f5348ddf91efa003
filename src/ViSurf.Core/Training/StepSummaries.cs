using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Training;

/// <summary>Averages of a step: managed arithmetic only.</summary>
internal static class StepSummaries
{
    public static RewardSummary Rewards(IReadOnlyList<TrainedGroup> groups)
    {
        var totals = groups.Select(g => g.Scored.RolloutTotals).Where(t => t.Length > 0).ToArray();
        var labels = groups.SelectMany(g => Labels(g.Scored)).ToArray();
        var controlled = groups.SelectMany(g => Labels(g.Controlled)).ToArray();
        return new RewardSummary
        {
            Mean = totals.SelectMany(t => t).MeanOrNull(),
            Deviation = totals.Select(t => t.DeviationOrNull() ?? 0).MeanOrNull(),
            LabelMean = labels.Where(s => s.IsScored).Select(s => s.Total).MeanOrNull(),
            LabelUsed = labels.Length == 0 ? null
                : Math.Min(labels.Length, controlled.Count(s => !s.Neutral && s.IsScored)) / (double)labels.Length,
            Unscored = groups.SelectMany(g => g.Scored.RolloutScores).Select(s => s.IsScored ? 0.0 : 1).MeanOrNull() ?? 0,
            NeutralGroups = groups.Count(g => g.IsNeutral) / (double)groups.Count,
            UniformRollouts = totals.Select(t => SameReward.IsAll(t) ? 1.0 : 0.0).MeanOrNull(),
            Components = Components(groups),
            Statistics = RewardStatistics.Of(groups.Select(g => g.Scored).ToArray()),
        };
    }

    public static LengthSummary Lengths(IReadOnlyList<TrainedGroup> groups, IReadOnlyList<int> promptTokens)
    {
        var completions = groups.SelectMany(g => g.Scored.Group.Completions).ToArray();
        var rollouts = groups.SelectMany(g => g.Scored.Group.Rollouts).ToArray();
        var labels = completions.Where(c => c.Source == CompletionSource.Demonstration);
        return new LengthSummary(
            rollouts.Select(c => (double)c.TokenIds.Count).MeanOrNull(),
            rollouts.Length == 0 ? null : rollouts.Max(c => c.TokenIds.Count),
            rollouts.Select(c => c.FinishReason == FinishReason.Length ? 1.0 : 0.0).MeanOrNull(),
            labels.Select(c => (double)c.TokenIds.Count).MeanOrNull(),
            promptTokens.Sum(n => (long)n),
            completions.Sum(c => (long)c.TokenIds.Count))
        {
            LongestPrompt = promptTokens.DefaultIfEmpty().Max(),
            SequenceTokens = groups.Zip(promptTokens, (g, tokens) => (long)g.Scored.Group.Completions.Count * tokens).Sum() + completions.Sum(c => (long)c.TokenIds.Count),
        };
    }

    private static ComponentSummary[] Components(IReadOnlyList<TrainedGroup> groups)
    {
        var names = groups.SelectMany(g => g.Scored.Scores).SelectMany(s => s.Components).Select(c => c.Name).Distinct();
        var (rollouts, labels) = (groups.SelectMany(g => g.Scored.RolloutScores), groups.SelectMany(g => Labels(g.Scored)));
        return names.Select(name => new ComponentSummary(name, ValueOf(name, rollouts), ValueOf(name, labels))).ToArray();

        static double? ValueOf(string name, IEnumerable<CompletionScore> scores) => scores.Select(s => s.Find(name)?.Value).OfType<double>().MeanOrNull();
    }

    private static IEnumerable<CompletionScore> Labels(ScoredGroup group) => group.Scores.Where((_, i) => group.IsDemonstration(i));
}
