using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>
/// VLM-R1's rewards for boxes, with the reading and the arithmetic of its code (om-ai-lab/VLM-R1, <c>grpo_jsonl.py</c> and
/// <c>qwen_module.py</c>). <see cref="ReferringRewards"/> and <see cref="DetectionRewards"/> have the same ideas with options.
/// </summary>
/// <remarks>
/// Lists are read from the last answer block. Not followed: a list may stand without a code fence, as labels of this library do (there it
/// is then no list), and an answer that cannot be read is wrong also where nothing is there (there it is right).
/// </remarks>
public static class VlmR1Rewards
{
    /// <summary>
    /// REC: the overlap of the first <c>[x1, y1, x2, y2]</c> of whole numbers in the first answer block, 0 to 1. Boxes that share no more
    /// than a pixel in one direction do not overlap. Applies to labels with one box.
    /// </summary>
    public static IRewardFunction Iou() => RewardFunction.From("box_iou", (example, completion) =>
    {
        if (ReferringRewards.OnlyBox(Guard.NotNull(example)) is not { } labelled) return null;
        LabelGuard.Boxes([labelled], solid: true);
        if (!ThinkAnswerText.TryAnswer(Guard.NotNull(completion).Text, out var answer)
            || Brackets.FirstWholeBox(answer) is not (var box, _)) return 0;
        var (width, height) = (Shared(box.X1, box.X2, labelled.X1, labelled.X2), Shared(box.Y1, box.Y2, labelled.Y1, labelled.Y2));
        return width > 1 && height > 1 ? BoxOverlap.IoU(box, labelled) : 0;
    });

    /// <summary>
    /// COCO's average precision with every confidence 1 and ties as written, 0 to 1. A list of the right length or shorter keeps it, a
    /// longer one keeps objects / predictions of it. Applies to labels with boxes.
    /// </summary>
    /// <param name="lengthAware">Whether the length counts (there <c>odLength</c>, without <c>od_ap</c>).</param>
    /// <param name="ap50">Whether one threshold of 0.5 counts instead of ten (there <c>od_ap50</c>).</param>
    public static IRewardFunction AveragePrecision(bool lengthAware = true, bool ap50 = false)
    {
        var options = new AveragePrecisionOptions { Ties = TiedConfidence.AsWritten };
        if (ap50) options = options with { Thresholds = [0.5] };
        return From("average_precision", acceptBareText: false, (predicted, objects) =>
        {
            var readable = predicted.Where(p => p.Box is not null).Select(p => (p.Box!.Value, p.Label, 1.0)).ToArray();
            var length = lengthAware ? Math.Min(1, (double)objects.Count / predicted.Count) : 1;
            return length * Measures.AveragePrecision.Of(readable, objects, options);
        });
    }

    /// <summary>
    /// The weighted sum, 0 to 1: boxes are paired by falling overlap from one half on, whatever their classes; 0.7 · (overlap of the pairs
    /// of one class / objects) + 0.3 · (1 − (share of objects without a pair + share of predictions without one) / 2). Applies to labels
    /// with boxes.
    /// </summary>
    public static IRewardFunction Weighted()
        => From("weighted_detection", acceptBareText: true, (predicted, objects) => DetectionRewards.WeightedSum(
        [.. predicted.Select(p => new Detection(p.Box ?? default, p.Label, 1))], objects,
            new DetectionOptions { ThresholdIncluded = true }, 0.7, 0.3));

    private static IRewardFunction From(
        string name, bool acceptBareText, Func<IReadOnlyList<(Box? Box, string? Label)>, IReadOnlyList<LabelledBox>, double> score)
        => RewardFunction.From(name, (example, completion) =>
        {
            if (DetectionRewards.Label(Guard.NotNull(example).Target) is not var (objects, form)) return null;
            LabelGuard.Boxes(objects.Select(o => o.Box), solid: true);
            if (VlmR1Answer.FromText(Guard.NotNull(completion).Text, form, acceptBareText) is not { } predicted) return 0;
            if (predicted.Count == 0 || objects.Count == 0) return predicted.Count == objects.Count ? 1 : 0;
            return Math.Clamp(score(predicted, objects), 0, 1);
        });

    private static double Shared(double low, double high, double otherLow, double otherHigh)
        => Math.Min(high, otherHigh) - Math.Max(low, otherLow);
}
