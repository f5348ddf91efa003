using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>
/// Once a rollout is as good as the label, the label's reward becomes the mean of the rollouts' rewards and its advantage exactly 0
/// (ViSurf, third strategy: max r_j ≥ r_y gives r_y := mean r_j). Until then it is the strict maximum of its group: it is never
/// pushed down. Groups without label or without rollouts pass unchanged.
/// </summary>
public sealed class SmoothDemonstration : IRewardController
{
    /// <summary>
    /// Names of the components whose weighted sum decides whether a rollout is as good as the label; empty compares totals. The label
    /// still gets the mean of the totals.
    /// </summary>
    /// <value>
    /// Empty: the paper compares totals. There a rollout with thoughts and two thirds of the accuracy ties with a label without
    /// thoughts and switches it off; <c>["accuracy"]</c> keeps the label until a rollout answers as well as it does.
    /// </value>
    public IReadOnlyList<string> CompareOn { get; init; } = [];

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">A name in <see cref="CompareOn"/> is not a component of the group.</exception>
    public ScoredGroup Control(ScoredGroup group)
    {
        Guard.NotNull(group);
        var rollouts = group.Scores.Where((_, i) => !group.IsDemonstration(i)).ToArray();
        if (rollouts.Length == 0 || rollouts.Length == group.Scores.Count) return group;
        var best = rollouts.Max(r => Merit(r, group));
        var mean = rollouts.Sum(r => r.Total) / rollouts.Length;
        var scores = group.Scores.Select((score, i) => group.IsDemonstration(i) && best >= Merit(score, group)
            ? score with { SmoothedTotal = mean, Neutral = true }
            : score);
        return group with { Scores = scores.ToArray() };
    }

    private double Merit(CompletionScore score, ScoredGroup group)
        => CompareOn.Count == 0
            ? score.Total
            : CompareOn.Sum(name => score.Find(name)?.Weighted ?? throw new InvalidOperationException(
                $"Expected a reward component '{name}' to compare the label of example '{group.Group.Example.Id}' on, " +
                $"got [{string.Join(", ", score.Components.Select(c => c.Name))}]. Correct {nameof(CompareOn)}."));
}
