using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>
/// Rewards for one box in answer to a description: the first <c>[x1, y1, x2, y2]</c> or <c>(x1, y1), (x2, y2)</c> of the answer. They apply to
/// grounding, detection and Seg-Zero labels with exactly one object; an answer without a box scores 0.
/// </summary>
public static class ReferringRewards
{
    /// <summary>Intersection over union itself, 0 to 1 (VLM-R1's REC reward; Perception-R1 squares it).</summary>
    /// <param name="power">1. Larger values ask for a closer fit.</param>
    /// <param name="convention">Continuous, as in every metric of this library; VLM-R1 mixes both conventions.</param>
    /// <param name="acceptBareText">Whether answer tags may be missing.</param>
    public static IRewardFunction Iou(double power = 1, PixelConvention convention = PixelConvention.Continuous, bool acceptBareText = true)
    {
        Guard.Positive(Guard.Finite(power), nameof(power));
        return From("box_iou", 1, acceptBareText, (predicted, labelled) => Math.Pow(BoxOverlap.IoU(predicted, labelled, convention), power));
    }

    /// <summary>Generalised IoU plus 1, 0 to 2: it still falls with the distance when the boxes do not touch (Visual-RFT's reasoning grounding).</summary>
    public static IRewardFunction GeneralizedIou(PixelConvention convention = PixelConvention.Continuous, bool acceptBareText = true)
        => From("giou", 2, acceptBareText, (predicted, labelled) => BoxOverlap.GeneralizedIoU(predicted, labelled, convention) + 1);

    /// <summary>
    /// 1 for a think block and an answer block with a box of whole numbers inside braces, else 0 (VLM-R1's format of REC). Its component is called
    /// "thinking_format", because a label, which has no thoughts, cannot have it.
    /// </summary>
    public static IRewardFunction Format() => RewardFunction.From(ThinkingFormatReward.ComponentName, (example, completion) =>
    {
        if (Box(example) is null) return null;
        if (!ThinkAnswerText.IsThinkThenAnswer(Guard.NotNull(completion).Text) || !ThinkAnswerText.TryAnswer(completion.Text, out var answer)) return 0;
        var brace = answer.IndexOf('{');
        return brace >= 0 && answer.LastIndexOf('}') is var end && end > brace && Brackets.FirstBox(answer[brace..end]) is { } box && IsWhole(box) ? 1 : 0;
    });

    private static bool IsWhole(Box box) => box.X1 % 1 == 0 && box.Y1 % 1 == 0 && box.X2 % 1 == 0 && box.Y2 % 1 == 0;

    private static IRewardFunction From(string name, double maximum, bool acceptBareText, Func<Box, Box, double> score)
        => RewardFunction.From(name, (example, completion) =>
        {
            if (Box(Guard.NotNull(example)) is not { } labelled) return null;
            LabelGuard.Boxes([labelled], solid: true);
            return AnswerText.TryFind(Guard.NotNull(completion).Text, acceptBareText, out var answer) && Brackets.FirstBox(answer) is { } predicted
                ? Math.Clamp(score(predicted, labelled), 0, maximum)
                : 0;
        }, maximum);

    private static Box? Box(VisionExample example) => example.Target switch
    {
        SegZeroTarget target => target.Box,
        { } target when DetectionRewards.Label(target) is { Objects: [var only] } => only.Box,
        _ => null,
    };
}
