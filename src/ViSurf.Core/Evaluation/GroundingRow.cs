using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Evaluation;

/// <summary>How predicted regions are read.</summary>
public sealed record GroundingOptions
{
    /// <summary>Whether answer tags may be missing.</summary>
    /// <value>false: ViSurf's prompt asks for them.</value>
    public bool AcceptBareText { get; init; }

    /// <summary>
    /// The mask of a completion where something else makes it, such as a segmentation model prompted with the predicted boxes and points (the
    /// paper: SAM2). It returns null for a completion that gives none. Pure. Asked for mask labels only.
    /// </summary>
    /// <value>null: the answer itself is the mask, as COCO run lengths.</value>
    public Func<VisionExample, Completion, RunLengthMask?>? MaskOf { get; init; }
}

/// <summary>What one answer scores against one label of boxes or of a mask; the pure part of <see cref="GroundingMetrics"/>.</summary>
public sealed record GroundingRow
{
    private GroundingRow()
    {
    }

    /// <summary>Whether the prediction could be read. When not, it is wrong in every respect and no area is predicted.</summary>
    public bool Parsed { get; private init; }

    /// <summary>Whether the label says "nothing there".</summary>
    public bool TargetEmpty { get; private init; }

    /// <summary>Whether the prediction is a readable "nothing there".</summary>
    public bool PredictedEmpty { get; private init; }

    /// <summary>Area both predicted and labelled, in square pixels.</summary>
    public double Intersection { get; private init; }

    /// <summary>Area predicted or labelled, in square pixels.</summary>
    public double Union { get; private init; }

    /// <summary>Intersection over union; 1 when both sides are empty, 0 when one is or the prediction is unreadable.</summary>
    public double IoU => !Parsed ? 0 : PredictedEmpty && TargetEmpty ? 1 : Union > 0 ? Intersection / Union : 0;

    /// <summary>
    /// The largest overlap that a predicted box, or the box around all predicted ones, has with the box around the labelled ones; 1 for nothing
    /// predicted where nothing is. null for a mask label.
    /// </summary>
    public double? BoxIoU { get; private init; }

    /// <summary>Whether a predicted point, or a predicted box's centre, lies in a labelled box, edges included. null for an empty or a mask label.</summary>
    public bool? PointHit { get; private init; }

    /// <summary>Compares a completion with the label of its example: boxes with points, detections (their classes are not compared), or a mask.</summary>
    /// <returns>null for labels of other kinds.</returns>
    /// <exception cref="InvalidDataException">A labelled box is reversed or not finite.</exception>
    public static GroundingRow? Of(VisionExample example, Completion completion, GroundingOptions? options = null)
    {
        Guard.NotNull(example);
        var (text, bare) = (Guard.NotNull(completion).Text, options?.AcceptBareText ?? false);
        return example.Target switch
        {
            GroundingTarget grounding => Compare(AnswerParser.Objects(text, bare), grounding),
            DetectionTarget detection => Compare(
                DetectionAnswer.FromText(text, detection.Form, acceptBareText: bare)?.Select(d => new GroundedObject(d.Box, Centre(d.Box))).ToArray(),
                [.. detection.Objects.Select(o => o.Box)]),
            MaskTarget mask => Compare(options?.MaskOf is { } maskOf ? maskOf(example, completion) : MaskAnswer.FromText(text, bare), mask.Mask),
            _ => null,
        };
    }

    /// <summary>Compares a prediction with a label.</summary>
    /// <param name="predicted">Objects, or null for a prediction that could not be read.</param>
    /// <param name="target">The label.</param>
    /// <exception cref="InvalidDataException">A labelled box is reversed or not finite.</exception>
    public static GroundingRow Compare(IReadOnlyList<GroundedObject>? predicted, GroundingTarget target)
        => Compare(predicted, Guard.NotNull(target).Objects.Select(o => o.Box).ToArray());

    /// <summary>Compares masks. Pictures of different sizes do not overlap.</summary>
    /// <param name="predicted">null for a prediction that could not be read.</param>
    /// <param name="target">The label; no pixel inside means "nothing there".</param>
    public static GroundingRow Compare(RunLengthMask? predicted, RunLengthMask target)
    {
        if (predicted is null) return new GroundingRow { TargetEmpty = Guard.NotNull(target).Area == 0, Union = target.Area };
        var (intersection, union) = MaskOverlap.Areas(predicted, target);
        return new GroundingRow { Parsed = true, TargetEmpty = target.Area == 0, PredictedEmpty = predicted.Area == 0, Intersection = intersection, Union = union };
    }

    private static GroundingRow Compare(IReadOnlyList<GroundedObject>? predicted, Box[] labels)
    {
        LabelGuard.Boxes(labels);
        bool? hit = labels.Length == 0 ? null : false;
        if (predicted is null) return new GroundingRow { TargetEmpty = labels.Length == 0, Union = BoxGeometry.UnionArea(labels), BoxIoU = 0, PointHit = hit };
        var boxes = predicted.Select(o => o.Box).ToArray();
        var (intersection, union) = BoxGeometry.Overlap(boxes, labels);
        return new GroundingRow
        {
            Parsed = true,
            TargetEmpty = labels.Length == 0,
            PredictedEmpty = boxes.Length == 0,
            Intersection = intersection,
            Union = union,
            BoxIoU = Best(boxes, labels),
            PointHit = hit is null ? null : predicted.Any(o => labels.Any(l => BoxGeometry.Contains(l, o.Point) || BoxGeometry.Contains(l, Centre(o.Box)))),
        };
    }

    private static double Best(Box[] boxes, Box[] labels)
    {
        if (boxes.Length == 0 || labels.Length == 0) return boxes.Length == labels.Length ? 1 : 0;
        var label = BoxGeometry.Merge(labels);
        return boxes.Append(BoxGeometry.Merge(boxes)).Max(b => b.IntersectionOverUnion(label));
    }

    private static PixelPoint Centre(Box box) => new((box.X1 + box.X2) / 2, (box.Y1 + box.Y2) / 2);
}
