using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>Rewards for masks. They apply to mask labels.</summary>
public static class MaskRewards
{
    /// <summary>Intersection over union of the mask that the answer writes as COCO run lengths, 0 to 1. See <see cref="MaskAnswer"/>.</summary>
    /// <param name="soft">Whether a mask that can be read earns 0.5 + 0.5 · IoU, and 0 only one that cannot.</param>
    /// <param name="emptyMatchesEmpty">What an empty mask earns for an empty label: true (default) the maximum, false nothing.</param>
    public static IRewardFunction Iou(bool soft = false, bool emptyMatchesEmpty = true)
        => Iou((_, completion) => MaskAnswer.FromText(completion.Text), soft, emptyMatchesEmpty);

    /// <summary>The same for masks that something else makes of the completion, such as a segmentation model prompted with the predicted boxes.</summary>
    /// <param name="maskOf">Pure and thread-safe; null when the completion gives no mask.</param>
    /// <param name="soft">See the other form.</param>
    /// <param name="emptyMatchesEmpty">See the other form.</param>
    public static IRewardFunction Iou(Func<VisionExample, Completion, RunLengthMask?> maskOf, bool soft = false, bool emptyMatchesEmpty = true)
    {
        Guard.NotNull(maskOf);
        return RewardFunction.From("mask_iou", (example, completion) =>
        {
            if (Guard.NotNull(example).Target is not MaskTarget label) return null;
            if (maskOf(example, Guard.NotNull(completion)) is not { } mask) return 0;
            if (mask.Area == 0 && label.Mask.Area == 0 && !emptyMatchesEmpty) return 0;
            var overlap = MaskOverlap.IoU(mask, label.Mask);
            return soft ? 0.5 + 0.5 * overlap : overlap;
        });
    }
}
