using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>
/// Visual-RFT's rewards for detection and classification, with the reading and the arithmetic of its code (Liuziyu77/Visual-RFT,
/// <c>open_r1/grpo.py</c> and <c>grpo_classification.py</c>), their oddities included. <see cref="DetectionRewards"/> has the same ideas
/// with options and without them.
/// </summary>
/// <remarks>
/// The list is read as <see cref="VisualRftAnswer"/> says. Boxes that were written before are dropped; predictions take, by falling
/// confidence and then in the order of writing, the free object that they overlap most, where that is more than one half. An answer that
/// cannot be read and an empty list score 0, also where nothing is there. Classes are not compared: a question asks for one. Not followed:
/// a symbolic check by math_verify that comes before, and pays 1 where the last numbers of answer and label are equal.
/// </remarks>
public static class VisualRftRewards
{
    private const double MinimumOverlap = 0.5;

    /// <summary>R_IoU: the sum of the matched overlaps over the larger of the two counts. 0 to 1. Applies to labels with boxes.</summary>
    public static IRewardFunction Iou()
        => From("detection_iou", (overlaps, _, objects) => overlaps.Sum() / Math.Max(objects, overlaps.Length));

    /// <summary>
    /// R_conf: mean of the confidence of what matches and of 1 − confidence of what does not. 0 to 1. Applies to labels with boxes.
    /// </summary>
    public static IRewardFunction Confidence()
        => From("detection_confidence", (overlaps, confidences, _)
            => overlaps.Zip(confidences, (overlap, confidence) => overlap > 0 ? confidence : 1 - confidence).Average());

    /// <summary>
    /// Classification, 0 or 1: the answer holds the class or the class the answer, without case, blanks and underscores; the first answer
    /// block that stands on one line counts, or the whole text, thoughts included, where there is none. Applies to labels in words. An
    /// empty answer, which every class holds, scores 0.
    /// </summary>
    public static IRewardFunction Classification() => RewardFunction.From("classification", (example, completion) =>
    {
        if (LabelGuard.Answers(Guard.NotNull(example).Target) is not { } labels) return null;
        var answer = ThinkAnswerText.TryAnswerOnOneLine(Guard.NotNull(completion).Text, out var inside) ? inside
            : ThinkAnswerText.Trim(completion.Text);
        var given = Squeezed(answer.ToString());
        return given.Length > 0 && labels.Select(label => Squeezed(label.Trim())).Any(label => Holds(given, label) || Holds(label, given))
            ? 1 : 0;

        static bool Holds(string text, string part) => text.Contains(part, StringComparison.Ordinal);

        static string Squeezed(string text)
            => text.Replace(" ", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
    });

    private static IRewardFunction From(string name, Func<double[], double[], int, double> score)
        => RewardFunction.From(name, (example, completion) =>
        {
            if (DetectionRewards.Label(Guard.NotNull(example).Target) is not var (objects, form)) return null;
            LabelGuard.Boxes(objects.Select(o => o.Box), solid: true);
            if (VisualRftAnswer.FromText(Guard.NotNull(completion).Text, form) is not { Count: > 0 } predicted) return 0;
            var ranked = predicted.DistinctBy(p => p.Box).OrderByDescending(p => p.Confidence).ToArray();
            return Math.Clamp(score(Match(ranked, objects), [.. ranked.Select(p => p.Confidence)], objects.Count), 0, 1);
        });

    /// <summary>Per prediction the overlap with the object it takes, or 0.</summary>
    private static double[] Match((Box Box, double Confidence)[] ranked, IReadOnlyList<LabelledBox> objects)
    {
        var (overlaps, taken, left) = (new double[ranked.Length], new bool[objects.Count], objects.Count);
        for (var p = 0; p < ranked.Length && left > 0; p++)
        {
            var (best, overlap) = (-1, 0.0);
            for (var o = 0; o < objects.Count; o++)
                if (!taken[o] && BoxOverlap.IoU(ranked[p].Box, objects[o].Box) is var found && found > overlap)
                    (best, overlap) = (o, found);
            if (overlap <= MinimumOverlap) continue;
            (overlaps[p], taken[best]) = (overlap, true);
            left--;
        }
        return overlaps;
    }
}
