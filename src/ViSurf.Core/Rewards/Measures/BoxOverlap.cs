using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Measures;

/// <summary>What a coordinate means.</summary>
public enum PixelConvention
{
    /// <summary>Edges are positions: a box from 0 to 10 is 10 wide. COCO, VLM-R1, Visual-RFT, and every metric of this library.</summary>
    Continuous,

    /// <summary>Edges are pixels that belong to the box: a box from 0 to 10 is 11 wide. VisionReasoner.</summary>
    Inclusive,
}

/// <summary>Overlap of two boxes. A reversed box is empty; every result is finite, whatever the coordinates.</summary>
public static class BoxOverlap
{
    /// <summary>Intersection over union, in [0, 1]; symmetric; 0 when both are empty.</summary>
    public static double IoU(Box a, Box b, PixelConvention convention = PixelConvention.Continuous)
        => Areas(a, b, convention) is var (intersection, union) && union > 0 && double.IsFinite(union) ? intersection / union : 0;

    /// <summary>
    /// Generalised IoU (Rezatofighi et al. 2019): IoU minus the share of the box around both that neither covers. In [−1, 1]; symmetric; 1 for
    /// equal boxes, negative for boxes far apart.
    /// </summary>
    public static double GeneralizedIoU(Box a, Box b, PixelConvention convention = PixelConvention.Continuous)
    {
        var (intersection, union) = Areas(a, b, convention);
        var hull = Area(new Box(Math.Min(a.X1, b.X1), Math.Min(a.Y1, b.Y1), Math.Max(a.X2, b.X2), Math.Max(a.Y2, b.Y2)), convention);
        if (!(union > 0 && double.IsFinite(hull))) return -1;
        // Rounding may leave the hull a last digit below the union.
        return Math.Clamp(intersection / union - Math.Max(0, hull - union) / hull, -1, 1);
    }

    private static (double Intersection, double Union) Areas(Box a, Box b, PixelConvention convention)
    {
        var intersection = Area(new Box(Math.Max(a.X1, b.X1), Math.Max(a.Y1, b.Y1), Math.Min(a.X2, b.X2), Math.Min(a.Y2, b.Y2)), convention);
        if (Area(a, convention) == 0 || Area(b, convention) == 0) intersection = 0;
        return (intersection, Area(a, convention) + Area(b, convention) - intersection);
    }

    private static double Area(Box box, PixelConvention convention)
    {
        if (convention == PixelConvention.Continuous) return box.Area;
        return box.X2 < box.X1 || box.Y2 < box.Y1 ? 0 : (box.X2 - box.X1 + 1) * (box.Y2 - box.Y1 + 1);
    }
}
