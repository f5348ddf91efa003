using System.Globalization;
using ViSurf.Core.Data;

namespace ViSurf.Core.Training.RowChecks;

/// <summary>What is wrong with the coordinates of a label, in words.</summary>
internal static class LabelGeometry
{
    private const string Frame = "correct it or, where its coordinates are of a picture of another size, give the row that width and height";

    /// <summary>The problems of a label's boxes, points and mask.</summary>
    /// <param name="target">The label.</param>
    /// <param name="frames">The frames that its coordinates may belong to: with several pictures a box must fit into one of them.</param>
    public static IEnumerable<string> Problems(Target? target, IReadOnlyList<FrameSize> frames) => target switch
    {
        GroundingTarget label => label.Objects.SelectMany((o, i) => Box(o.Box, i, frames).Concat(Inside(o.Point, i, o.Box, i))),
        DetectionTarget label => label.Objects.SelectMany((o, i) => Box(o.Box, i, frames)),
        SegZeroTarget label => Box(label.Box, 0, frames).Concat(Inside(label.First, 0, label.Box, 0)).Concat(Inside(label.Second, 1, label.Box, 0)),
        GuiActionTarget label => (label.Area is { } area ? Box(area, 0, frames) : []).Concat(label.Point is { } point ? Point(point, frames) : []),
        MaskTarget { Mask: var mask } when !frames.Contains(new FrameSize(mask.Width, mask.Height))
            => [$"its mask has {mask.Width} × {mask.Height} pixels, its picture {Names(frames)}: make them the same size"],
        _ => [],
    };

    private static IEnumerable<string> Box(Box b, int index, IReadOnlyList<FrameSize> frames)
    {
        if (!(b.X1 < b.X2 && b.Y1 < b.Y2)) yield return $"{Name(b, index)} is empty or reversed: write [x1, y1, x2, y2] with x1 below x2 and y1 below y2";
        if (!frames.Any(f => b.X1 >= 0 && b.Y1 >= 0 && b.X2 <= f.Width && b.Y2 <= f.Height))
            yield return $"{Name(b, index)} lies outside its picture of {Names(frames)} pixels: {Frame}";
    }

    private static IEnumerable<string> Inside(PixelPoint p, int index, Box b, int box)
        => p.X >= b.X1 && p.X <= b.X2 && p.Y >= b.Y1 && p.Y <= b.Y2 ? []
            : [string.Create(CultureInfo.InvariantCulture, $"point {index} [{p.X}, {p.Y}] lies outside {Name(b, box)}: correct one of them")];

    private static IEnumerable<string> Point(PixelPoint p, IReadOnlyList<FrameSize> frames)
        => frames.Any(f => p.X >= 0 && p.Y >= 0 && p.X <= f.Width && p.Y <= f.Height) ? []
            : [string.Create(CultureInfo.InvariantCulture, $"point [{p.X}, {p.Y}] lies outside its picture of {Names(frames)} pixels: {Frame}")];

    private static string Name(Box b, int index) => string.Create(CultureInfo.InvariantCulture, $"box {index} [{b.X1}, {b.Y1}, {b.X2}, {b.Y2}]");

    private static string Names(IReadOnlyList<FrameSize> frames) => string.Join(" or ", frames);
}
