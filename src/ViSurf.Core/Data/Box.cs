namespace ViSurf.Core.Data;

/// <summary>A rectangle in pixels of the picture the policy sees: x to the right, y down.</summary>
/// <param name="X1">Left edge.</param>
/// <param name="Y1">Top edge.</param>
/// <param name="X2">Right edge.</param>
/// <param name="Y2">Bottom edge.</param>
public readonly record struct Box(double X1, double Y1, double X2, double Y2)
{
    /// <summary><c>[x1, y1, x2, y2]</c>, for messages.</summary>
    public override string ToString() => $"[{JsonText.Number(X1)}, {JsonText.Number(Y1)}, {JsonText.Number(X2)}, {JsonText.Number(Y2)}]";

    /// <summary>Width × height; 0 for a reversed rectangle.</summary>
    public double Area => Math.Max(0, X2 - X1) * Math.Max(0, Y2 - Y1);

    /// <summary>Intersection over union with continuous coordinates (no +1), in [0, 1]; 0 when both are empty.</summary>
    public double IntersectionOverUnion(Box other)
    {
        var intersection = new Box(Math.Max(X1, other.X1), Math.Max(Y1, other.Y1), Math.Min(X2, other.X2), Math.Min(Y2, other.Y2)).Area;
        var union = Area + other.Area - intersection;
        return union > 0 ? intersection / union : 0;
    }
}

/// <summary>A position in pixels of the picture the policy sees.</summary>
/// <param name="X">To the right.</param>
/// <param name="Y">Down.</param>
public readonly record struct PixelPoint(double X, double Y)
{
    /// <summary><c>[x, y]</c>, for messages.</summary>
    public override string ToString() => $"[{JsonText.Number(X)}, {JsonText.Number(Y)}]";
}

/// <summary>One object of a grounding label.</summary>
/// <param name="Box">Its bounding box.</param>
/// <param name="Point">A point inside it.</param>
public sealed record GroundedObject(Box Box, PixelPoint Point);
