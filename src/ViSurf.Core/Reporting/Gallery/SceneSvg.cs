using System.Globalization;
using ViSurf.Core.Data;
using ViSurf.Core.Reporting.Markup;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>Shapes drawn over a picture, in the coordinates that the policy writes.</summary>
/// <param name="id">Of the picture in the document.</param>
/// <param name="picture">Readable.</param>
/// <param name="frame">Width and height of what the policy sees, in its pixels.</param>
internal sealed class SceneSvg(string id, Thumbnail picture, (double Width, double Height) frame)
{
    /// <summary>The picture itself, once; other drawings of it refer to it.</summary>
    public void WriteWithPicture(HtmlWriter html, string description, Action shapes)
    {
        using var svg = Open(html, "scene", description);
        html.Empty("image", ("id", id), ("href", picture.DataUri), ("width", N(frame.Width)), ("height", N(frame.Height)), ("preserveAspectRatio", "none"));
        shapes();
    }

    /// <summary>The same picture again, small.</summary>
    public void WriteSmall(HtmlWriter html, string description, Action shapes)
    {
        using var svg = Open(html, "small", description);
        html.Empty("use", ("href", "#" + id));
        shapes();
    }

    /// <summary>A mask, boxes and points in one style, each with a dark edge so that it is seen on any picture.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="shapes">What to draw.</param>
    /// <param name="type">Class of the group.</param>
    /// <param name="whose">What a pointer is told.</param>
    public static void Draw(HtmlWriter html, Shapes shapes, string type, string whose)
    {
        if (shapes.IsEmpty) return;
        using var group = html.Of("g", "shapes " + type);
        html.Leaf("title", whose + string.Concat(shapes.Boxes.Select(Words)) + string.Concat(shapes.Points.Select(Words)) + (shapes.Outline.Length > 0 ? "\nmask" : ""));
        foreach (var part in new[] { "edge", "ink" })
        {
            if (shapes.Outline.Length > 0) html.Empty("path", ("class", part + " mask"), ("d", shapes.Outline));
            foreach (var box in shapes.Boxes)
                html.Empty("rect", ("class", part), ("x", N(Math.Min(box.X1, box.X2))), ("y", N(Math.Min(box.Y1, box.Y2))), ("width", N(Math.Abs(box.X2 - box.X1))), ("height", N(Math.Abs(box.Y2 - box.Y1))));
            // A line without length has round ends only: a dot whose size does not change with the drawing's.
            foreach (var point in shapes.Points) html.Empty("path", ("class", part + " dot"), ("d", $"M{N(point.X)} {N(point.Y)}h0"));
        }
    }

    private IDisposable Open(HtmlWriter html, string type, string description)
        => html.Element("svg", ("class", type), ("viewBox", $"0 0 {N(frame.Width)} {N(frame.Height)}"), ("role", "img"), ("aria-label", description));

    private static string Words(Box box) => string.Create(CultureInfo.InvariantCulture, $"\nbox {box.X1:0.#}, {box.Y1:0.#} to {box.X2:0.#}, {box.Y2:0.#}");

    private static string Words(PixelPoint point) => string.Create(CultureInfo.InvariantCulture, $"\npoint {point.X:0.#}, {point.Y:0.#}");

    private static string N(double value) => ReportNumber.Coordinate(value);
}
