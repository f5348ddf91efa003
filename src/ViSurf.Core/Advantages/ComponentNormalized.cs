using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Advantages;

public static partial class AdvantageEstimators
{
    /// <summary>
    /// GDPO (arXiv 2601.05242; TRL <c>normalize_then_sum</c>): every reward is normalised within the group by itself, the weighted sum over the
    /// whole step, so that two combinations of rewards with the same total do not end up with the same advantage.
    /// </summary>
    /// <remarks>
    /// z = (value − mean)/(std + ε) of each component over the members it applies to, A = Σ weight · z, Â = (A − mean)/(std + ε) over the step;
    /// sample deviations. A component that does not apply adds nothing, nor does one that applies to a single member. A
    /// <see cref="CompletionScore.Neutral"/> completion gets 0 and is no member: its total was put in place of its components.
    /// </remarks>
    /// <param name="epsilon">1e-4 as in TRL.</param>
    /// <param name="labelInStatistics">Whether the label is a member.</param>
    /// <param name="batchNormalized">Whether the sum is normalised over the step, as the paper does to keep its size apart from the number of rewards.</param>
    public static AdvantageEstimator ComponentNormalized(double epsilon = 1e-4, bool labelInStatistics = true, bool batchNormalized = true)
    {
        Guard.NotNegative(epsilon);
        return groups =>
        {
            var sums = Guard.NotNull(groups).Select(group => Sums(group, epsilon, labelInStatistics)).ToArray();
            var members = groups.SelectMany((group, q) => sums[q].Where((_, i) => Counts(group, i, labelInStatistics))).ToArray();
            var step = batchNormalized ? Spread.Of(members, 1) : new Spread(0, 1);
            var divisor = !batchNormalized || step.Deviation == 0 ? 1 : step.Deviation + epsilon;
            return groups.Select((group, q) => group.Scores.Select((score, i) => HasNone(score) || IsAlone(group, i, labelInStatistics) ? 0
                : (sums[q][i] - step.Mean) / divisor).ToArray()).ToArray();
        };
    }

    private static double[] Sums(ScoredGroup group, double epsilon, bool labelInStatistics)
    {
        TotalGuard.Check(group);
        var sums = new double[group.Scores.Count];
        foreach (var name in group.Scores.SelectMany(s => s.Components).Select(c => c.Name).Distinct())
        {
            var components = group.Scores.Select(score => score.Find(name)).ToArray();
            var spread = Spread.Of(components.Where((c, i) => c?.Value is not null && Counts(group, i, labelInStatistics)).Select(c => c!.Value!.Value).ToArray(), 1);
            var divisor = spread.Deviation == 0 ? 1 : spread.Deviation + epsilon;
            for (var i = 0; i < sums.Length; i++)
                if (components[i] is { Value: { } value } component) sums[i] += component.Weight * (value - spread.Mean) / divisor;
        }
        return sums;
    }

    private static bool Counts(ScoredGroup group, int index, bool labelInStatistics)
        => !group.Scores[index].Neutral && IsMember(group, index, labelInStatistics);
}
