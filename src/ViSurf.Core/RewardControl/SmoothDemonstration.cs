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
    /// Names of the components whose weighted sum decides whether a rollout is as good as the label; empty compares totals, and so
    /// does an example to which none of them applies. The label still gets the mean of the totals.
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
        var rollouts = group.RolloutScores.ToArray();
        if (rollouts.Length == 0 || rollouts.Length == group.Scores.Count) return group;
        var compareOn = Applicable(group);
        var best = rollouts.Max(r => Merit(r, compareOn));
        var mean = Mean([.. rollouts.Select(r => r.Total)]);
        var scores = group.Scores.Select((score, i) => group.IsDemonstration(i) && best >= Merit(score, compareOn)
            ? score with { SmoothedTotal = mean, Neutral = true }
            : score);
        return group with { Scores = scores.ToArray() };
    }

    /// <summary>The names to compare on, none for the total: where no component applies, 0 ≥ 0 would switch every label off.</summary>
    private IReadOnlyList<string> Applicable(ScoredGroup group)
    {
        foreach (var name in CompareOn)
            if (group.Scores.FirstOrDefault(s => s.Find(name) is null) is { } lacking)
                throw new InvalidOperationException(
                    $"Expected a reward component '{name}' to compare the label of example '{group.Group.Example.Id}' on, " +
                    $"got [{string.Join(", ", lacking.Components.Select(c => c.Name))}]. Correct {nameof(CompareOn)}.");
        return CompareOn.Any(name => group.Scores.Any(s => s.Find(name)!.Value is not null)) ? CompareOn : [];
    }

    private static double Merit(CompletionScore score, IReadOnlyList<string> compareOn)
        => compareOn.Count == 0 ? score.Total : compareOn.Sum(name => score.Find(name)!.Weighted);

    // The mean of equal numbers may differ from them in the last bit, and the group would no longer be one of equal rewards.
    private static double Mean(double[] totals) => totals.Max() == totals.Min() ? totals[0] : totals.Sum() / totals.Length;
}
