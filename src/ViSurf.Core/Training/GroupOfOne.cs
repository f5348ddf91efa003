using ViSurf.Core.Advantages;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Training;

/// <summary>
/// Refuses groups in which nobody can be better than anybody: one rollout, no label, and an estimator that compares within the group. Every
/// advantage would be 0 and nothing learnt; TRL refuses the same.
/// </summary>
internal static class GroupOfOne
{
    /// <exception cref="ArgumentException">The parts and options make such groups.</exception>
    public static void Refuse(TrainerParts parts, TrainerOptions options)
    {
        if (parts.Sampler is null || options.GroupSize > 1 || parts.Demonstrations is not null || LearnsFromOne(parts.Estimator)) return;
        throw new ArgumentException(
            "Expected GroupSize >= 2 where no label joins the rollouts, got 1: a rollout that is compared with no other has advantage 0, "
                + "and nothing would be learnt. "
            + "Draw two rollouts or more, let the label join (TrainerParts.Demonstrations), "
            + "or choose an estimator that compares over the step, such as "
            + "AdvantageEstimators.ReinforcePlusPlus(baseline: false).", nameof(options));
    }

    /// <summary>Whether the estimator gives two prompts with a rollout each, one at 1 and one at 0, an advantage.</summary>
    private static bool LearnsFromOne(AdvantageEstimator estimator)
    {
        try
        {
            return estimator([Group(1), Group(0)]).SelectMany(advantages => advantages).Any(advantage => advantage != 0);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // It reads more than totals, say a reward by its name: its author knows what it compares.
            return true;
        }
    }

    private static ScoredGroup Group(double reward) => new(
        new RolloutGroup(VisionExample.Ask("one rollout", "?", null), [Completion.OfText("text")]),
            [new CompletionScore([new RewardComponent("reward", reward)])]);
}
