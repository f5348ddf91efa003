namespace ViSurf.Core.Data;

/// <summary>What is wrong with the coordinates of a label, in words.</summary>
internal static class LabelGeometry
{
    private const string Cure = "correct it or, where its coordinates are of a picture of another size or run from 0 to 1000, say so "
        + "(columns of width and height, or one frame for all rows: RowOptions.LabelFrame)";

    /// <summary>
    /// Why the label's coordinates can hardly be of this frame: all of them lie within one pixel (then they are shares of the picture),
    /// some lie outside, or a mask has another size.
    /// </summary>
    /// <param name="target">The label.</param>
    /// <param name="frames">The frames that its coordinates may belong to: with several pictures a box must fit into one of them.</param>
    /// <param name="slack">
    /// How far beyond an edge a coordinate may lie, in hundredths of the side and at most as many pixels: annotators and rounding are a
    /// pixel off.
    /// </param>
    public static IEnumerable<string> OfFrame(Target? target, IReadOnlyList<FrameSize> frames, double slack = 0)
    {
        if (WithinOnePixel(target) is { } shares && !frames.Contains(FrameSize.Shares)) return [$"{shares} ({RowAdvice.OfOptions.Shares})"];
        var (boxes, points) = Places(target);
        return boxes.Select((box, i) => (box, i))
            .Where(b => !frames.Any(frame => Holds(frame, b.box.X1, b.box.Y1) && Holds(frame, b.box.X2, b.box.Y2)))
            .Select(b => $"{Name(b.box, b.i)} lies outside {Names(frames)}: {Cure}")
            .Concat(points.Where(p => !frames.Any(frame => Holds(frame, p.X, p.Y)))
            .Select(p => $"{Name(p)} lies outside {Names(frames)}: {Cure}"))
            .Concat(target is MaskTarget { Mask: var mask } && !frames.Contains(new FrameSize(mask.Width, mask.Height))
                ? [$"its mask has {mask.Width} × {mask.Height} pixels, "
                    + $"its {(frames.Any(IsRelative) ? "frame" : "picture")} {string.Join(" or ", frames)}: make them the same size"] : []);

        bool Holds(FrameSize frame, double x, double y) => Between(x, frame.Width) && Between(y, frame.Height);

        bool Between(double value, int side)
            => value >= -Math.Min(slack, side * slack / 100) && value <= side + Math.Min(slack, side * slack / 100);
    }

    /// <summary>What is wrong with the label whatever its frame: boxes without area, points beside their box.</summary>
    public static IEnumerable<string> OfShape(Target? target) => target switch
    {
        GroundingTarget label => label.Objects.SelectMany((o, i) => Shape(o.Box, i).Concat(Inside(o.Point, i, o.Box, i))),
        SegZeroTarget label => Shape(label.Box, 0).Concat(Inside(label.First, 0, label.Box, 0))
            .Concat(Inside(label.Second, 1, label.Box, 0)),
        _ => Places(target).Boxes.SelectMany(Shape),
    };

    /// <summary>Boxes whose corners are exchanged: [x2, y2, x1, y1], or with a width and height that are less than x1 and y1.</summary>
    public static IEnumerable<string> Reversed(Target? target)
        => Places(target).Boxes.SelectMany((box, i) => box.X2 < box.X1 || box.Y2 < box.Y1 ? Shape(box, i) : []);

    /// <summary>
    /// That all coordinates lie within one pixel, or null. With fractions a little beyond is within, because shares may have been rounded
    /// or padded past 1; a point alone that has none may be a corner of the picture in pixels, [0, 0] or [1, 0].
    /// </summary>
    public static string? WithinOnePixel(Target? target)
    {
        var (boxes, points) = Places(target);
        double[] values = boxes.Count > 0 ? [.. boxes.SelectMany(b => new[] { b.X1, b.Y1, b.X2, b.Y2 })]
            : [.. points.SelectMany(p => new[] { p.X, p.Y })];
        var fractions = values.Any(value => value % 1 != 0);
        if (values.Length == 0 || !values.All(value => value >= 0 && value <= (fractions ? 1.5 : 1)) || (boxes.Count == 0 && !fractions))
            return null;
        return $"all coordinates of its label lie within one pixel, as {(boxes.Count > 0 ? Name(boxes[0], 0) : Name(points[0]))} does, "
            + $"so they look like shares of the picture: "
            + "multiply them by its width and height, or say that they are shares";
    }

    /// <summary>Whether its coordinates are no pixels.</summary>
    private static bool IsRelative(FrameSize frame) => frame == FrameSize.Shares || frame == FrameSize.Thousandths;

    /// <summary>The boxes of a label, and its points that belong to no box.</summary>
    private static (IReadOnlyList<Box> Boxes, IReadOnlyList<PixelPoint> Points) Places(Target? target) => target switch
    {
        GroundingTarget label => ([.. label.Objects.Select(o => o.Box)], []),
        DetectionTarget label => ([.. label.Objects.Select(o => o.Box)], []),
        SegZeroTarget label => ([label.Box], []),
        GuiActionTarget label => (label.Area is { } area ? [area] : [], label.Point is { } point ? [point] : []),
        _ => ([], []),
    };

    private static IEnumerable<string> Shape(Box b, int index)
        => b.X1 < b.X2 && b.Y1 < b.Y2 ? []
            : [$"{Name(b, index)} is empty or reversed: write [x1, y1, x2, y2] with x1 below x2 and y1 below y2"];

    private static IEnumerable<string> Inside(PixelPoint p, int index, Box b, int box)
        => p.X >= b.X1 && p.X <= b.X2 && p.Y >= b.Y1 && p.Y <= b.Y2 ? []
            : [$"point {index} {p} lies outside {Name(b, box)}: correct one of them"];

    private static string Name(Box b, int index) => $"box {index} {b}";

    private static string Name(PixelPoint p) => $"point {p}";

    private static string Names(IReadOnlyList<FrameSize> frames)
        => frames.Any(IsRelative) ? $"its frame of {string.Join(" or ", frames)}" : $"its picture of {string.Join(" or ", frames)} pixels";
}
