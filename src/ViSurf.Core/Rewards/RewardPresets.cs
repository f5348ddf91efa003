using ViSurf.Core.Common;

namespace ViSurf.Core.Rewards;

/// <summary>
/// Suites under the names of the systems they come from. Plain objects: <c>RewardPresets.EasyR1Math().With(mine, 0.2)</c>. Where a system pays for something that is
/// no answer, the remarks say so, and the option that pays is off here unless its name is the preset's.
/// </summary>
public static class RewardPresets
{
    /// <summary>VisionReasoner, maximum 7, an empty list never right. <see cref="VisionReasonerRewards.Suite"/> has the options.</summary>
    public static RewardSuite VisionReasoner(double side = 840) => VisionReasonerRewards.Suite(emptyMatchesEmpty: false, side);

    /// <summary>VisionReasoner's 7 with "nothing there" as a possible answer, and <see cref="PresenceReward"/> reported without counting.</summary>
    public static RewardSuite ViSurfNonObject(double side = 840) => VisionReasonerRewards.Suite(emptyMatchesEmpty: true, side).With(new PresenceReward(), 0);

    /// <summary>Seg-Zero, maximum 5. <see cref="SegZeroRewards.Suite"/> has the options.</summary>
    public static RewardSuite SegZero(double side = 840) => SegZeroRewards.Suite(side: side);

    /// <summary>Seg-Zero's mathematics: 1 for a right boxed answer, 0.1 for a wrong one, 0 without.</summary>
    public static RewardSuite SegZeroMath() => new(MathRewards.Accuracy(wrong: 0.1));

    /// <summary>
    /// Visual-RFT's detection: overlap, confidence and thinking format, 1 each; lists are mended as its code mends them. See <see
    /// cref="VisualRftRewards"/>.
    /// </summary>
    public static RewardSuite VisualRftDetection()
        => new(VisualRftRewards.Iou(), VisualRftRewards.Confidence(), new ThinkingFormatReward());

    /// <summary>Visual-RFT's classification: class (either may contain the other) and thinking format.</summary>
    /// <remarks>Naming every class earns the mark; <c>AnswerRewards.Classification()</c> does not pay for it.</remarks>
    public static RewardSuite VisualRftClassification() => new(VisualRftRewards.Classification(), new ThinkingFormatReward());

    /// <summary>Visual-RFT's reasoning grounding: generalised IoU + 1, and thinking format.</summary>
    public static RewardSuite VisualRftGrounding() => new(ReferringRewards.GeneralizedIou(), new ThinkingFormatReward());

    /// <summary>VLM-R1's referring expressions: soft IoU and format.</summary>
    public static RewardSuite VlmR1Rec() => new(VlmR1Rewards.Iou(), ReferringRewards.Format());

    /// <summary>VLM-R1's open-vocabulary detection: average precision times min(1, objects / predictions), ties as written, and thinking format.</summary>
    /// <param name="lengthAware">Whether surplus boxes cost.</param>
    /// <param name="ap50">Whether one threshold of 0.5 counts instead of ten.</param>
    public static RewardSuite VlmR1Map(bool lengthAware = true, bool ap50 = false)
        => new(VlmR1Rewards.AveragePrecision(lengthAware, ap50), new ThinkingFormatReward());

    /// <summary>VLM-R1's weighted detection: 0.7 position and 0.3 completeness.</summary>
    public static RewardSuite VlmR1WeightedDetection() => new(VlmR1Rewards.Weighted(), new ThinkingFormatReward());

    /// <summary>COCO's average precision, ties together, so that order and surplus boxes cannot be played with.</summary>
    public static RewardSuite CocoDetection() => new(DetectionRewards.AveragePrecision(), new ThinkingFormatReward());

    /// <summary>EasyR1's mathematics: 0.9 accuracy + 0.1 format.</summary>
    public static RewardSuite EasyR1Math() => new RewardSuite().With(MathRewards.Accuracy(), 0.9).With(MathRewards.Format(), 0.1);

    /// <summary>
    /// EasyR1's r1v: 0.5 accuracy of the answer block, graded as mathematics, or of the whole text without one, + 0.5 thinking format.
    /// </summary>
    public static RewardSuite EasyR1Vision() => new RewardSuite().With(MathRewards.Tagged(), 0.5).With(new ThinkingFormatReward(), 0.5);

    /// <summary>
    /// DAPO: ±1 for the answer line in its normal form, and the soft overlong punishment, which <c>OverlongShaping</c> does not add
    /// again.
    /// </summary>
    public static RewardSuite DapoMath(int maximumTokens, int buffer)
        => new(MathRewards.DapoAnswer(), LengthRewards.Overlong(maximumTokens, buffer));

    /// <summary>A point in the asked control, as ViSurf measures GUI grounding, and thinking format.</summary>
    public static RewardSuite GuiPoint() => new(GuiRewards.PointInBox(), new ThinkingFormatReward());

    /// <summary>GUI-R1: 0.8 accuracy + 0.2 format.</summary>
    public static RewardSuite GuiR1() => new RewardSuite().With(GuiRewards.Action(), 0.8).With(GuiRewards.ThinkingFormat(), 0.2);

    /// <summary>Anomaly detection: whether anything is there, and thinking format.</summary>
    public static RewardSuite Anomaly() => new(new PresenceReward(), new ThinkingFormatReward());

    /// <summary>One short-answer reward in tags, and thinking format: multiple choice, yes or no, numbers, counts, document and chart questions.</summary>
    /// <param name="answer">Such as <c>AnswerRewards.Choice(acceptBareText: false)</c> or <c>TextRewards.Anls()</c>.</param>
    public static RewardSuite ShortAnswer(IRewardFunction answer) => new(Guard.NotNull(answer), new ThinkingFormatReward());
}
