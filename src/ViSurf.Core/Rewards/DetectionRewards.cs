using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>
/// Rewards for lists of boxes. They apply to detection labels, and to grounding labels by their boxes; an answer that cannot be read scores 0.
/// The order in which predictions are written does not matter.
/// </summary>
public static class DetectionRewards
{
    private static readonly DetectionForm GroundingForm = new("bbox_2d", null, null);

    /// <summary>1 when the answer is a well-formed list in the label's form, else 0. An empty list is well-formed.</summary>
    public static IRewardFunction Format(DetectionOptions? options = null)
        => From("detection_format", options ?? new DetectionOptions(), (_, _, _) => 1, judgesEmpty: false);

    /// <summary>
    /// Visual-RFT's R_IoU: predictions take, in order of confidence, the free object they overlap most; the sum of the matched overlaps is divided by
    /// the larger of the two counts. 0 to 1.
    /// </summary>
    public static IRewardFunction Iou(DetectionOptions? options = null)
        => From("detection_iou", options ?? new DetectionOptions(), (predicted, objects, o)
            => Matching.ByConfidence(predicted, objects, o).Sum() / Math.Max(predicted.Count, objects.Count));

    /// <summary>Visual-RFT's R_conf: mean over predictions of the confidence where it matches, and of 1 − confidence where it does not. 0 to 1.</summary>
    public static IRewardFunction Confidence(DetectionOptions? options = null)
        => From("detection_confidence", options ?? new DetectionOptions(), (predicted, objects, o) =>
        {
            var overlaps = Matching.ByConfidence(predicted, objects, o);
            return predicted.Select((p, i) => overlaps[i] > 0 ? p.Confidence : 1 - p.Confidence).Average();
        });

    /// <summary>COCO's average precision of the picture, 0 to 1 (VLM-R1's mAP reward). See <see cref="Measures.AveragePrecision"/>.</summary>
    /// <param name="precision">Thresholds, limit and ties; null means COCO's AP@[.5:.95]. VLM-R1's AP50 is <c>Thresholds = [0.5]</c>.</param>
    /// <param name="options">Of these, the matching threshold is not used.</param>
    public static IRewardFunction AveragePrecision(AveragePrecisionOptions? precision = null, DetectionOptions? options = null)
        => From("average_precision", options ?? new DetectionOptions(), (predicted, objects, o) => Measures.AveragePrecision.Of(
            [.. predicted.Select(p => (p.Box, o.IgnoreClasses ? null : p.Label, p.Confidence))],
            o.IgnoreClasses ? [.. objects.Select(x => x with { Label = null })] : objects,
            (precision ?? new AveragePrecisionOptions()) with { Convention = o.Convention }));

    /// <summary>
    /// VLM-R1's weighted sum: predictions and objects are paired by falling overlap, whatever their classes; <paramref name="position"/> ·
    /// (overlap of the pairs of one class / objects) + <paramref name="completeness"/> · (1 − (share of objects missed + share of
    /// predictions that match nothing) / 2). 0 to the weights' sum.
    /// </summary>
    /// <param name="options">A pair of two classes takes both, and its overlap counts 0.</param>
    /// <param name="position">0.7.</param>
    /// <param name="completeness">0.3.</param>
    public static IRewardFunction Weighted(DetectionOptions? options = null, double position = 0.7, double completeness = 0.3)
    {
        Guard.NotNegative(position);
        Guard.NotNegative(completeness);
        return From("weighted_detection", options ?? new DetectionOptions { ThresholdIncluded = true }, (predicted, objects, o)
            => WeightedSum(predicted, objects, o, position, completeness) / (position + completeness))
                .Scaled(Guard.Positive(position + completeness));
    }

    /// <summary>Of at least one prediction and one object, from 0 to the weights' sum.</summary>
    internal static double WeightedSum(
        IReadOnlyList<Detection> predicted, IReadOnlyList<LabelledBox> objects, DetectionOptions options, double position,
            double completeness)
    {
        var matched = Matching.ByOverlap(predicted, objects, options);
        var (missed, surplus) = (1 - (double)matched.Count / objects.Count, 1 - (double)matched.Count / predicted.Count);
        return position * matched.Sum() / objects.Count + completeness * (1 - (missed + surplus) / 2);
    }

    /// <summary>The objects of a label and the form of its answers; null for labels of other kinds.</summary>
    internal static (IReadOnlyList<LabelledBox> Objects, DetectionForm Form)? Label(Target? target) => target switch
    {
        DetectionTarget detection => (detection.Objects, detection.Form),
        GroundingTarget grounding => ([.. grounding.Objects.Select(o => new LabelledBox(o.Box))], GroundingForm),
        _ => null,
    };

    private static IRewardFunction From(
        string name, DetectionOptions options, Func<IReadOnlyList<Detection>, IReadOnlyList<LabelledBox>, DetectionOptions, double> score, bool judgesEmpty = true)
        => RewardFunction.From(name, (example, completion) =>
        {
            if (Label(Guard.NotNull(example).Target) is not var (objects, form)) return null;
            LabelGuard.Boxes(objects.Select(o => o.Box), solid: options.Convention == PixelConvention.Continuous);
            if (DetectionAnswer.FromText(Guard.NotNull(completion).Text, form, options.Repair, options.AcceptBareText) is not { } predicted) return 0;
            if (!judgesEmpty) return score(predicted, objects, options);
            if (predicted.Count == 0 && objects.Count == 0) return options.EmptyMatchesEmpty ? 1 : 0;
            if (predicted.Count == 0 || objects.Count == 0) return 0;
            var length = options.LengthAware ? Math.Min(1, (double)objects.Count / predicted.Count) : 1;
            return length * Math.Clamp(score(predicted, objects, options), 0, 1);
        });
}
