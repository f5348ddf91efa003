using ViSurf.Core.Common;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Training;

/// <summary>What <see cref="TrainerParts.AfterStep"/> usually holds.</summary>
public static class AfterStepActions
{
    /// <summary>Moves a reference towards the policy every so many steps.</summary>
    /// <param name="reference">The moving average.</param>
    /// <param name="rate">α, see <see cref="MovingAveragePolicy.Update"/>. 0.6 as in TRL.</param>
    /// <param name="every">Steps between moves, greater than 0. 512 as in TRL.</param>
    public static Action<StepReport> Follow(this MovingAveragePolicy reference, double rate = 0.6, int every = 512)
    {
        Guard.NotNull(reference);
        Guard.InRange(Guard.Positive(rate), 0.0, 1.0);
        Guard.Positive(every);
        return report =>
        {
            if ((report.Step + 1) % every == 0) reference.Update(rate);
        };
    }

    /// <summary>
    /// Tells an adaptive coefficient the KL of a step's first update (<c>kl</c> of <see cref="KlPenalty"/>, per token) or, with a KL in the reward, minus the
    /// mean of that component (per rollout). Steps without an update tell it nothing.
    /// </summary>
    public static Action<StepReport> Adapt(this AdaptiveCoefficient coefficient)
    {
        Guard.NotNull(coefficient);
        return report =>
        {
            var scored = report.Groups.Select(group => group.Scored).ToArray();
            // In the reward only rollouts have a KL, in the loss labels have one too.
            if (report.Rewards.Components.FirstOrDefault(c => c.Name == RewardKl.ComponentName)?.Rollouts is { } value)
                coefficient.Observe(-value, scored.Sum(group => group.RolloutScores.Count()));
            else if (report.Updates is [{ Skipped: null } first, ..] && first.Metrics.TryGetValue("kl", out var kl))
                coefficient.Observe(kl, scored.Sum(group => group.Scores.Count));
        };
    }
}
