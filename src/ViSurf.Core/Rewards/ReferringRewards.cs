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
    /// <summary>
    /// Intersection over union itself, 0 to 1 (as in VLM-R1's REC reward, which is <see cref="VlmR1Rewards.Iou"/>; Perception-R1 squares
    /// it).
    /// </summary>
    /// <param name="power">1. Larger values ask for a closer fit.</param>
    /// <param name="convention">Continuous, as in every metric of this library.</param>
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
    /// 1 for a think block and, after it, an answer block in which braces hold a box of whole numbers, else 0; more text may stand around
    /// (VLM-R1's format of
    /// REC, a search for
    /// <c>&lt;think&gt;.*?&lt;/think&gt;\s*&lt;answer&gt;.*?\{.*\[\d+,\s*\d+,\s*\d+,\s*\d+\].*\}.*?&lt;/answer&gt;</c>). Its component is
    /// called
    /// "thinking_format", because a label, which has no thoughts, cannot have it.
    /// </summary>
    public static IRewardFunction Format() => RewardFunction.From(ThinkingFormatReward.ComponentName, (example, completion)
        => OnlyBox(Guard.NotNull(example)) is null ? null : HasFormat(Guard.NotNull(completion).Text) ? 1 : 0);

    /// <summary>What comes first is the best start for what follows, since anything may stand between: one pass.</summary>
    private static bool HasFormat(ReadOnlySpan<char> text)
    {
        if (!After(ref text, "<think>")) return false;
        do
        {
            if (!After(ref text, "</think>")) return false;
            text = ThinkAnswerText.TrimStart(text);
        }
        while (!text.StartsWith("<answer>", StringComparison.Ordinal));
        if (!After(ref text, "{") || Brackets.FirstWholeBox(text) is not (_, var end)) return false;
        text = text[end..];
        return After(ref text, "}") && After(ref text, "</answer>");
    }

    private static bool After(ref ReadOnlySpan<char> text, string part)
    {
        var at = text.IndexOf(part, StringComparison.Ordinal);
        if (at < 0) return false;
        text = text[(at + part.Length)..];
        return true;
    }

    /// <summary>The box of a label with exactly one; null for other labels.</summary>
    internal static Box? OnlyBox(VisionExample example) => example.Target switch
    {
        SegZeroTarget target => target.Box,
        { } target when DetectionRewards.Label(target) is { Objects: [var only] } => only.Box,
        _ => null,
    };

    private static IRewardFunction From(string name, double maximum, bool acceptBareText, Func<Box, Box, double> score)
        => RewardFunction.From(name, (example, completion) =>
        {
            if (OnlyBox(Guard.NotNull(example)) is not { } labelled) return null;
            LabelGuard.Boxes([labelled], solid: true);
            return AnswerText.TryFind(Guard.NotNull(completion).Text, acceptBareText, out var answer) && Brackets.FirstBox(answer) is { } predicted
                ? Math.Clamp(score(predicted, labelled), 0, maximum)
                : 0;
        }, maximum);
}
