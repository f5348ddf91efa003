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
    // A star of radius 1 spans this from its centre line to the side tips and from its centre down to its feet.
    private static readonly double TipReach = Math.Sin(2 * Math.PI / 5);
    private static readonly double FootReach = Math.Cos(Math.PI / 5);

    // Its five straight lines, each facing one tip.
    private static readonly double LineDistance = Math.Cos(2 * Math.PI / 5);
    private static readonly (double X, double Y)[] StarLines =
        [.. Enumerable.Range(0, 5).Select(i => (Math.Cos(Math.PI / 2 + i * 2 * Math.PI / 5), Math.Sin(Math.PI / 2 + i * 2 * Math.PI / 5)))];

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
        ShapeKind.Star => InStar(u * TipReach, 1 - (v + 1) / 2 * (1 + FootReach)),
        ShapeKind.Cross => Math.Abs(u) <= 0.36 || Math.Abs(v) <= 0.36,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <summary>A pentagram of radius 1 around the origin, y up: a point is inside when at most one of its five lines cuts it off.</summary>
    private static bool InStar(double x, double y)
        => StarLines.Count(line => x * line.X + y * line.Y > LineDistance) <= 1;
}
