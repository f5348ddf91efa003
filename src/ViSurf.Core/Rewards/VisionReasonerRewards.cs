using ViSurf.Core.Common;

namespace ViSurf.Core.Rewards;

/// <summary>The reward of VisionReasoner and ViSurf for grounding: a plain sum with maximum 7.</summary>
public static class VisionReasonerRewards
{
    /// <summary>
    /// Thinking format (1), answer format (2), accuracy (3) and non-repeat (1), in this order. The format of thoughts and the absence
    /// of repetition apply to every example, the other two to grounding labels.
    /// </summary>
    /// <param name="emptyMatchesEmpty">
    /// true (default): "nothing there" can be right, as ViSurf needs for pictures without the object: an empty list is well-formed (2),
    /// and accurate (3) when the label is empty too. false: stock VisionReasoner, where an empty list on either side scores 0 in both.
    /// </param>
    /// <param name="side">
    /// Longer side of the pictures in pixels. 840 by default: VisionReasoner resizes to 840 × 840, and its thresholds of 10 pixels between
    /// boxes and 30 between points belong to that size. Other sizes scale them.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="side"/> is not positive.</exception>
    public static RewardSuite Suite(bool emptyMatchesEmpty = true, double side = 840) => new(
        new ThinkingFormatReward(),
        new GroundingFormatReward { EmptyMatchesEmpty = emptyMatchesEmpty },
        new GroundingAccuracyReward
        {
            EmptyMatchesEmpty = emptyMatchesEmpty,
            MaximumBoxDistance = 10 * Guard.Positive(side) / 840,
            MaximumPointDistance = 30 * side / 840,
        },
        new NonRepeatReward());
}
