using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>What a label or an answer points at in the picture.</summary>
/// <param name="Boxes">Rectangles; may be reversed or outside.</param>
/// <param name="Points">Places.</param>
internal sealed record Shapes(IReadOnlyList<Box> Boxes, IReadOnlyList<PixelPoint> Points)
{
    /// <summary>More than a person would look at; a policy may write thousands.</summary>
    public const int Most = 50;

    private static readonly GroundingTarget AnyObjects = new([]);

    public static Shapes None { get; } = new([], []);

    /// <summary>The border of a mask as an SVG path; empty for none.</summary>
    public string Outline { get; init; } = "";

    public bool IsEmpty => Boxes.Count == 0 && Points.Count == 0 && Outline.Length == 0;

    /// <summary>Whether <see cref="Of(Target?)"/> is more than nothing, without making it.</summary>
    public static bool AnyOf(Target? target) => target is MaskTarget { Mask.Area: > 0 } || !Of(target).IsEmpty;

    /// <summary>The label's own shapes; none for an answer in words.</summary>
    public static Shapes Of(Target? target) => target switch
    {
        GroundingTarget t => new([.. t.Objects.Select(o => o.Box)], [.. t.Objects.Select(o => o.Point)]),
        DetectionTarget t => new([.. t.Objects.Select(o => o.Box)], []),
        SegZeroTarget t => new([t.Box], [t.First, t.Second]),
        GuiActionTarget t => new(t.Area is { } area ? [area] : [], t.Point is { } point ? [point] : []),
        MaskTarget t => None with { Outline = MaskOutline.Of(t.Mask) },
        _ => None,
    };

    /// <summary>The shapes an answer names, read as the rewards for that kind of label read it.</summary>
    /// <returns>null when the answer cannot be read; empty for "nothing there", and for labels without shapes.</returns>
    public static Shapes? Of(string answer, Target? target)
    {
        var shapes = target switch
        {
            GroundingTarget => AnswerParser.Objects(answer) is { } objects ? new Shapes([.. objects.Select(o => o.Box)], [.. objects.Select(o => o.Point)]) : null,
            DetectionTarget t => DetectionAnswer.FromText(answer, t.Form) is { } found ? new Shapes([.. found.Select(d => d.Box)], []) : null,
            SegZeroTarget => SegZeroAnswer.FromText(answer) is { } seg
                ? new Shapes(seg.Box is { } box ? [box] : [], [.. new[] { seg.First, seg.Second }.OfType<PixelPoint>()]) : null,
            GuiActionTarget => GuiActionAnswer.FromText(answer) is { } actions ? new Shapes([], [.. actions.Select(a => a.Point)]) : null,
            // A policy writes the mask itself, or what a segmentation model makes one of.
            MaskTarget => MaskAnswer.FromText(answer) is { } mask ? None with { Outline = MaskOutline.Of(mask) } : Of(answer, AnyObjects),
            _ => None,
        };
        return shapes is null ? null : shapes with { Boxes = [.. shapes.Boxes.Where(IsDrawable).Take(Most)], Points = [.. shapes.Points.Where(IsDrawable).Take(Most)] };
    }

    private static bool IsDrawable(Box box) => IsDrawable(new PixelPoint(box.X1, box.Y1)) && IsDrawable(new PixelPoint(box.X2, box.Y2));

    private static bool IsDrawable(PixelPoint point) => Math.Abs(point.X) < 1e6 && Math.Abs(point.Y) < 1e6;
}
