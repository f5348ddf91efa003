using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Advantages;

/// <summary>
/// The known estimators. They have in common: a completion marked <see cref="CompletionScore.Neutral"/> gets exactly 0; equal
/// rewards give exactly 0, without rounding residue; mean and deviation are taken over the members, which are all completions
/// of a group or, without the label, the rollouts; a group with a single member has mean 0 and deviation 1, as in
/// verl, so that its reward (over 1 + ε) is the advantage.
/// </summary>
public static partial class AdvantageEstimators
{
    /// <summary>Â = (r − mean) / (std + ε), GRPO's estimator over the group with its label, as ViSurf uses it.</summary>
    /// <param name="epsilon">1e-6 as in verl; TRL has 1e-4. Not used where nothing is divided.</param>
    /// <param name="deviation">Default: sample.</param>
    /// <param name="labelInStatistics">
    /// Whether the label is a member of the mean. true is the paper's form. With false and rollouts that are all equal there is no
    /// deviation to divide by: the label then gets r_y − mean undivided.
    /// </param>
    /// <param name="labelInDeviation">Whether the label is a member of the deviation; null means as in the mean.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epsilon"/> is negative.</exception>
    public static AdvantageEstimator GroupNormalized(
        double epsilon = 1e-6, StandardDeviation deviation = StandardDeviation.Sample, bool labelInStatistics = true, bool? labelInDeviation = null)
    {
        Guard.NotNegative(epsilon);
        var inDeviation = labelInDeviation ?? labelInStatistics;
        return groups =>
        {
            var batch = deviation == StandardDeviation.Batch
                ? Spread.Of(Guard.NotNull(groups).SelectMany(g => Members(g, inDeviation)).ToArray(), 1).Deviation
                : 0;
            return Estimate(groups, group =>
            {
                var correction = deviation == StandardDeviation.Population ? 0 : 1;
                var mean = Spread.Of(Members(group, labelInStatistics), correction).Mean;
                var std = deviation == StandardDeviation.Batch ? batch : Spread.Of(Members(group, inDeviation), correction).Deviation;
                var divisor = deviation == StandardDeviation.None || std == 0 ? 1 : std + epsilon;
                return reward => (reward - mean) / divisor;
            });
        };
    }

    /// <summary>Â = r − mean.</summary>
    /// <param name="labelInStatistics">Whether the label counts in the mean.</param>
    public static AdvantageEstimator MeanCentered(bool labelInStatistics = true)
        => GroupNormalized(0, StandardDeviation.None, labelInStatistics);

    /// <summary>Â = r − mean of the other members (RLOO, arXiv 2402.14740); a single member keeps its reward.</summary>
    /// <param name="labelInStatistics">
    /// Whether the label is one of the others. With false it is compared with the mean of all rollouts, being none of them.
    /// </param>
    public static AdvantageEstimator LeaveOneOut(bool labelInStatistics = true) => groups => Guard.NotNull(groups).Select(group =>
    {
        var members = Members(group, labelInStatistics);
        var (mean, _) = Spread.Of(members, 1);
        // r − (Σ − r)/(n − 1) = (r − mean) · n/(n − 1)
        var stretch = members.Length > 1 ? members.Length / (members.Length - 1.0) : 1;
        return group.Scores.Select((score, i) => score.Neutral ? 0
            : IsMember(group, i, labelInStatistics) ? (score.Total - mean) * stretch
            : score.Total - mean).ToArray();
    }).ToArray();

    /// <summary>The same advantage for every completion; 1 turns the objective into supervised fine-tuning when groups hold labels only.</summary>
    /// <exception cref="ArgumentException"><paramref name="value"/> is not finite.</exception>
    public static AdvantageEstimator Constant(double value = 1)
    {
        if (!double.IsFinite(value)) throw new ArgumentException($"Expected a finite advantage, got {value}.", nameof(value));
        return groups => Estimate(groups, _ => _ => value);
    }

    private static double[][] Estimate(IReadOnlyList<ScoredGroup> groups, Func<ScoredGroup, Func<double, double>> estimator)
        => Guard.NotNull(groups).Select(group =>
        {
            var advantage = estimator(group);
            return group.Scores.Select(score => score.Neutral ? 0 : advantage(score.Total)).ToArray();
        }).ToArray();

    private static bool IsMember(ScoredGroup group, int index, bool labelInStatistics) => labelInStatistics || !group.IsDemonstration(index);

    /// <summary>A group of labels only has no rollouts to compare with: the labels are its members then.</summary>
    private static double[] Members(ScoredGroup group, bool labelInStatistics)
    {
        var members = group.Totals.Where((_, i) => IsMember(group, i, labelInStatistics)).ToArray();
        return members.Length > 0 ? members : group.Totals;
    }
}
