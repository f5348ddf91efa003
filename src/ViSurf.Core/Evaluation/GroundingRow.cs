using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Evaluation;

/// <summary>What one prediction scores against one grounding label; the pure part of <see cref="GroundingMetrics"/>.</summary>
public sealed record GroundingRow
{
    private GroundingRow()
    {
    }

    /// <summary>Whether the prediction could be read.</summary>
    public bool Parsed { get; private init; }

    /// <summary>Whether the label says "nothing there".</summary>
    public bool TargetEmpty { get; private init; }

    /// <summary>Whether the prediction is a readable "nothing there".</summary>
    public bool PredictedEmpty { get; private init; }

    /// <summary>Area in both predicted and labelled boxes, in square pixels.</summary>
    public double Intersection { get; private init; }

    /// <summary>Area in predicted or labelled boxes, in square pixels.</summary>
    public double Union { get; private init; }

    /// <summary>See <see cref="GroundingReport.GIoU"/>.</summary>
    public double IoU { get; private init; }

    /// <summary>See <see cref="GroundingReport.BoxAccuracy"/>.</summary>
    public bool BoxHit { get; private init; }

    /// <summary>See <see cref="GroundingReport.PointAccuracy"/>; false for an empty label.</summary>
    public bool PointHit { get; private init; }

    /// <summary>Compares a prediction with a label.</summary>
    /// <param name="predicted">Objects, or null for a prediction that could not be read.</param>
    /// <param name="target">The label.</param>
    public static GroundingRow Compare(IReadOnlyList<GroundedObject>? predicted, GroundingTarget target)
    {
        Guard.NotNull(target);
        var labels = target.Objects.Select(o => o.Box).ToArray();
        if (predicted is null) return new GroundingRow { TargetEmpty = labels.Length == 0, Union = BoxGeometry.UnionArea(labels) };
        var boxes = predicted.Select(o => o.Box).ToArray();
        var (intersection, union) = BoxGeometry.Overlap(boxes, labels);
        return new GroundingRow
        {
            Parsed = true,
            TargetEmpty = labels.Length == 0,
            PredictedEmpty = boxes.Length == 0,
            Intersection = intersection,
            Union = union,
            IoU = boxes.Length == 0 && labels.Length == 0 ? 1 : union > 0 ? intersection / union : 0,
            BoxHit = IsBoxHit(boxes, labels),
            PointHit = predicted.Any(o => labels.Any(l => BoxGeometry.Contains(l, o.Point) || BoxGeometry.Contains(l, Centre(o.Box)))),
        };
    }

    private static bool IsBoxHit(Box[] boxes, Box[] labels)
    {
        if (boxes.Length == 0 || labels.Length == 0) return boxes.Length == labels.Length;
        var label = BoxGeometry.Merge(labels);
        return boxes.Append(BoxGeometry.Merge(boxes)).Any(b => b.IntersectionOverUnion(label) > 0.5);
    }

    private static PixelPoint Centre(Box box) => new((box.X1 + box.X2) / 2, (box.Y1 + box.Y2) / 2);
}
