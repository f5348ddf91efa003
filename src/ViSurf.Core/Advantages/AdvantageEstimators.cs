using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Advantages;

/// <summary>
/// The known estimators. They have in common: a completion marked <see cref="CompletionScore.Neutral"/> gets exactly 0; so does one that
/// nothing judged (<see cref="CompletionScore.IsScored"/>), which is no member of anything either, as in TRL; equal rewards give exactly 0,
/// without rounding residue; mean and deviation are taken over the members, which are the judged completions of a group or, without the
/// label, its judged rollouts; the member of a group of one is better than nobody and gets 0 (verl gives it its reward, which pushes every
/// rollout up, good or bad; TRL refuses such groups).
/// </summary>
/// <remarks>
/// All refuse totals that are not finite, or beyond ±1e150, whose squares are not: the deviation would be infinite and every advantage 0 in
/// silence.
/// </remarks>
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

    /// <summary>Â = r − mean of the other members (RLOO, arXiv 2402.14740); a single member has no others and gets 0.</summary>
    /// <param name="labelInStatistics">
    /// Whether the label is one of the others. With false it is compared with the mean of all rollouts, being none of them.
    /// </param>
    public static AdvantageEstimator LeaveOneOut(bool labelInStatistics = true) => groups => Guard.NotNull(groups).Select(group =>
    {
        var members = Members(group, labelInStatistics);
        var (mean, _) = Spread.Of(members, 1);
        // r − (Σ − r)/(n − 1) = (r − mean) · n/(n − 1)
        var stretch = members.Length > 1 ? members.Length / (members.Length - 1.0) : 1;
        return group.Scores.Select((score, i) => HasNone(score) ? 0
            : IsMember(group, i, labelInStatistics) ? (score.Total - mean) * stretch
            : score.Total - mean).ToArray();
    }).ToArray();

    /// <summary>
    /// The same advantage for every completion; 1 turns the objective into supervised fine-tuning when groups hold labels only. A rollout
    /// that nothing judged gets 0; a label is right without a judge.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="value"/> is not finite.</exception>
    public static AdvantageEstimator Constant(double value = 1)
    {
        if (!double.IsFinite(value)) throw new ArgumentException($"Expected a finite advantage, got {value}.", nameof(value));
        return groups => [.. Guard.NotNull(groups).Select(group => group.Scores.Select((score, i)
            => score.Neutral || (!score.IsScored && !group.IsDemonstration(i)) ? 0 : value).ToArray())];
    }

    private static double[][] Estimate(IReadOnlyList<ScoredGroup> groups, Func<ScoredGroup, Func<double, double>> estimator)
        => Guard.NotNull(groups).Select(group =>
        {
            var advantage = estimator(group);
            return group.Scores.Select(score => HasNone(score) ? 0 : advantage(score.Total)).ToArray();
        }).ToArray();

    /// <summary>Whether the completion has advantage 0 whatever the others scored.</summary>
    private static bool HasNone(CompletionScore score) => score.Neutral || !score.IsScored;

    private static bool IsMember(ScoredGroup group, int index, bool labelInStatistics)
        => group.Scores[index].IsScored && (labelInStatistics || !group.IsDemonstration(index));

    /// <summary>Whether the completion is the only member of its group.</summary>
    private static bool IsAlone(ScoredGroup group, int index, bool labelInStatistics)
        => Members(group, labelInStatistics).Length == 1
            && (IsMember(group, index, labelInStatistics) || group.Scores.Count(score => score.IsScored) == 1);

    /// <summary>Totals of the members. A group of labels only has no rollouts to compare with: the labels are its members then.</summary>
    /// <exception cref="InvalidOperationException">A total is too large to be compared; names the example and the completion.</exception>
    private static double[] Members(ScoredGroup group, bool labelInStatistics)
    {
        TotalGuard.Check(group);
        var members = group.TotalsOf(i => IsMember(group, i, labelInStatistics));
        return members.Length > 0 ? members : group.TotalsOf(_ => true);
    }
}
