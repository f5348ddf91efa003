using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>
/// HPT's gate (arXiv 2509.04419): a group in which at most so many rollouts are right keeps its label alone and is imitated; every other
/// group keeps its rollouts alone and is reinforced, as does one whose rollouts nothing could judge: it has not failed. Groups without
/// label, or without rollouts, pass unchanged.
/// </summary>
/// <param name="rightFrom">A rollout with at least this total is right. 1 where rewards are 0 and 1; a fraction of the suite's maximum elsewhere.</param>
/// <param name="most">γ, the most right rollouts of a group that is imitated, at least 0. 0 in the paper: only groups that fail as a whole.</param>
public sealed class SupervisionGate(double rightFrom, int most = 0) : IGroupPolicy
{
    private readonly int _most = Guard.NotNegative(most);

    /// <inheritdoc/>
    public GroupSelection Select(IReadOnlyList<ScoredGroup> groups) => new(Guard.NotNull(groups).Select(Gate).ToArray(), []);

    private ScoredGroup Gate(ScoredGroup group)
    {
        var labels = group.Scores.Where((_, i) => group.IsDemonstration(i)).Count();
        if (labels == 0 || labels == group.Scores.Count) return group;
        var totals = group.RolloutTotals;
        var imitated = totals.Length > 0 && totals.Count(total => total >= rightFrom) <= _most;
        return GroupPolicy.Keep(group, i => group.IsDemonstration(i) == imitated);
    }
}
