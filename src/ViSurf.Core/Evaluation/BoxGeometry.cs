using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Evaluation;

/// <summary>Areas of sets of boxes, exact and without pixels; coordinates are continuous (no +1), a reversed box is empty.</summary>
public static class BoxGeometry
{
    /// <summary>Area covered by at least one box. A sweep over the boxes' edges: O(n log n).</summary>
    public static double UnionArea(IEnumerable<Box> boxes)
    {
        var solid = Guard.NotNull(boxes).Where(b => b.Area > 0).ToArray();
        if (solid.Length == 0) return 0;
        var cover = new CoveredLength(solid.SelectMany(b => new[] { b.Y1, b.Y2 }));
        var edges = solid.SelectMany(b => new[] { (X: b.X1, Box: b, Step: 1), (X: b.X2, Box: b, Step: -1) }).OrderBy(e => e.X).ToArray();
        var area = 0.0;
        for (var i = 0; i < edges.Length; i++)
        {
            if (i > 0) area += cover.Length * (edges[i].X - edges[i - 1].X);
            cover.Add(edges[i].Box.Y1, edges[i].Box.Y2, edges[i].Step);
        }
        return area;
    }

    /// <summary>Area covered by both sets, and by at least one of them.</summary>
    public static (double Intersection, double Union) Overlap(IReadOnlyList<Box> a, IReadOnlyList<Box> b)
    {
        Guard.NotNull(a);
        Guard.NotNull(b);
        // Not area(a) + area(b) − area(a ∪ b): a huge predicted box would cancel the label's digits.
        var intersection = UnionArea(a.SelectMany(_ => b, Intersect));
        return (intersection, UnionArea(a.Concat(b)));
    }

    /// <summary>
    /// Intersection over union of the areas that two sets of boxes cover, in [0, 1]. 1 when both sets are empty, 0 when one is
    /// (the convention of GRES, which ViSurf's gIoU follows).
    /// </summary>
    public static double UnionIntersectionOverUnion(IReadOnlyList<Box> a, IReadOnlyList<Box> b)
    {
        Guard.NotNull(a);
        Guard.NotNull(b);
        if (a.Count == 0 && b.Count == 0) return 1;
        var (intersection, union) = Overlap(a, b);
        return union > 0 ? intersection / union : 0;
    }

    /// <summary>The smallest box around all of them.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static Box Merge(IReadOnlyList<Box> boxes)
    {
        Guard.NotNull(boxes);
        return boxes.Count > 0
            ? new Box(boxes.Min(b => b.X1), boxes.Min(b => b.Y1), boxes.Max(b => b.X2), boxes.Max(b => b.Y2))
            : throw new ArgumentException("Expected at least one box to merge, got none.", nameof(boxes));
    }

    /// <summary>Whether the point lies in the box, edges included.</summary>
    public static bool Contains(Box box, PixelPoint point)
        => point.X >= box.X1 && point.X <= box.X2 && point.Y >= box.Y1 && point.Y <= box.Y2;

    private static Box Intersect(Box a, Box b)
        => new(Math.Max(a.X1, b.X1), Math.Max(a.Y1, b.Y1), Math.Min(a.X2, b.X2), Math.Min(a.Y2, b.Y2));
}
