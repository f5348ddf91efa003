using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Advantages;

public static partial class AdvantageEstimators
{
    /// <summary>
    /// REINFORCE++ (arXiv 2501.03262): rewards, or with <paramref name="baseline"/> their distances from the group's mean, are centred and
    /// divided by the deviation of the whole step, every completion counted once per token, as advantages are spread over tokens before they
    /// are whitened (verl <c>reinforce_plus_plus_baseline</c>).
    /// </summary>
    /// <param name="baseline">true is REINFORCE++-baseline; false compares completions of all prompts with each other.</param>
    /// <param name="epsilon">Added to the variance. 1e-8, as in verl.</param>
    /// <param name="labelInStatistics">Whether the label is a member of the means and of the deviation.</param>
    /// <remarks>
    /// A completion without tokens, as tests make them, counts once. A step of equal distances gives 0. Without a baseline a prompt needs
    /// one rollout only; with it, the member of a group of one has no distance to count.
    /// </remarks>
    public static AdvantageEstimator ReinforcePlusPlus(bool baseline = true, double epsilon = 1e-8, bool labelInStatistics = true)
    {
        Guard.NotNegative(epsilon);
        return groups =>
        {
            var distances = Guard.NotNull(groups).Select(group =>
            {
                var mean = Spread.Of(Members(group, labelInStatistics), 1).Mean;
                return group.Totals.Select(reward => baseline ? reward - mean : reward).ToArray();
            }).ToArray();
            var members = groups.SelectMany((group, q) => group.Scores.Select((_, i) => (group, q, i)))
                .Where(m => IsMember(m.group, m.i, labelInStatistics) && !IsAlone(m.group, m.i))
                .Select(m => (Value: distances[m.q][m.i], Count: Math.Max(1, m.group.Group.Completions[m.i].TokenIds.Count))).ToArray();
            var spread = Spread.OfRepeated(members);
            return groups.Select((group, q) => group.Scores.Select((score, i) => HasNone(score) || spread.Deviation == 0
                || IsAlone(group, i)
                ? 0
                : (distances[q][i] - spread.Mean) / Math.Sqrt(spread.Deviation * spread.Deviation + epsilon)).ToArray()).ToArray();

            bool IsAlone(ScoredGroup group, int index) => baseline && AdvantageEstimators.IsAlone(group, index, labelInStatistics);
        };
    }
}
