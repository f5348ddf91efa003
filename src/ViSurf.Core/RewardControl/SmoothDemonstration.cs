using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>
/// Once a rollout is as good as the label, the label's reward becomes the mean of the rollouts' rewards and its advantage exactly 0
/// (ViSurf, third strategy: max r_j ≥ r_y gives r_y := mean r_j). Until then it is the strict maximum of its group: it is never pushed
/// down. Groups without label or without rollouts pass unchanged, and so does a label that nothing judged; rollouts that nothing judged are
/// not compared with.
/// </summary>
public sealed class SmoothDemonstration : IRewardController
{
    /// <summary>
    /// Names of the components whose weighted sum decides whether a rollout is as good as the label; empty compares totals, and so does a
    /// label to which none of them applies. A rollout to which none of them applies is not compared. The label still gets the mean of the
    /// totals.
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
        Check(group);
        rollouts = [.. rollouts.Where(score => score.IsScored)];
        if (rollouts.Length == 0) return group;
        var mean = Mean([.. rollouts.Select(r => r.Total)]);
        var scores = group.Scores.Select((score, i) => group.IsDemonstration(i) && IsReached(score, rollouts)
            ? score with { SmoothedTotal = mean, Neutral = true }
            : score);
        return group with { Scores = scores.ToArray() };
    }

    /// <summary>Whether one of the rollouts is as good as the label.</summary>
    private bool IsReached(CompletionScore label, CompletionScore[] rollouts)
    {
        if (!label.IsScored) return false;
        // Where no component applies to the label, 0 ≥ 0 would switch every label off.
        if (Merit(label) is { } own) return rollouts.Any(rollout => Merit(rollout) >= own);
        return rollouts.Any(rollout => rollout.Total >= label.Total);
    }

    private void Check(ScoredGroup group)
    {
        foreach (var name in CompareOn)
            if (group.Scores.FirstOrDefault(s => s.Find(name) is null) is { } lacking)
                throw new InvalidOperationException(
                    $"Expected a reward component '{name}' to compare the label of example '{group.Group.Example.Id}' on, " +
                    $"got [{string.Join(", ", lacking.Components.Select(c => c.Name))}]. Correct {nameof(CompareOn)}.");
    }

    /// <summary>The weighted sum of the components to compare on; null where none applies.</summary>
    private double? Merit(CompletionScore score)
        => CompareOn.Select(name => score.Find(name)!).Where(c => c.Value is not null).ToArray() is { Length: > 0 } components
            ? components.Sum(c => c.Weighted) : null;

    // The mean of equal numbers may differ from them in the last bit, and the group would no longer be one of equal rewards.
    private static double Mean(double[] totals) => totals.Max() == totals.Min() ? totals[0] : totals.Sum() / totals.Length;
}
