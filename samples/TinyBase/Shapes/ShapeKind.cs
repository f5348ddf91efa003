namespace TinyBase.Shapes;

internal enum ShapeKind
{
    Circle,
    Square,
    Triangle,
    Star,
    Cross,
}

/// <summary>The outlines, in a unit frame: u and v run from −1 (left, top) to 1 (right, bottom), and every shape touches all four sides.</summary>
internal static class ShapeOutline
{
    // The five tips of a star, stretched so that its tips reach the frame: angles from the top, clockwise.
    private static readonly double TipWidth = Math.Sin(2 * Math.PI / 5);
    private static readonly double FootHeight = Math.Cos(Math.PI / 5);

    public static string Word(this ShapeKind kind) => kind switch
    {
        ShapeKind.Circle => "circle",
        ShapeKind.Square => "square",
        ShapeKind.Triangle => "triangle",
        ShapeKind.Star => "star",
        ShapeKind.Cross => "cross",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    public static string Plural(this ShapeKind kind) => kind is ShapeKind.Cross ? "crosses" : kind.Word() + "s";

    public static bool Contains(this ShapeKind kind, double u, double v) => kind switch
    {
        ShapeKind.Circle => u * u + v * v <= 1,
        ShapeKind.Square => true,
        ShapeKind.Triangle => Math.Abs(u) <= (v + 1) / 2,
        ShapeKind.Star => InStar(u * TipWidth, 1 - (v + 1) / 2 * (1 + FootHeight)),
        ShapeKind.Cross => Math.Abs(u) <= 0.36 || Math.Abs(v) <= 0.36,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>A pentagram of radius 1 around the origin, y up: a point is inside when at most one of its five lines cuts it off.</summary>
    private static bool InStar(double x, double y)
    {
        var lineDistance = Math.Cos(2 * Math.PI / 5);
        var outside = 0;
        for (var i = 0; i < 5; i++)
        {
            var angle = Math.PI / 2 + Math.PI + i * 2 * Math.PI / 5;
            if (x * Math.Cos(angle) + y * Math.Sin(angle) > lineDistance) outside++;
        }
        return outside <= 1;
    }
}
