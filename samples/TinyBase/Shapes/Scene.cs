using SkiaSharp;
using ViSurf.Core.Data;

namespace TinyBase.Shapes;

/// <summary>One coloured shape. It touches all four sides of its box.</summary>
/// <param name="Colour">One of the palette.</param>
/// <param name="Kind">Its outline.</param>
/// <param name="X">Left edge in pixels.</param>
/// <param name="Y">Top edge in pixels.</param>
/// <param name="Size">Width and height in pixels.</param>
/// <param name="Shade">Added to every channel, so that no two reds are quite the same.</param>
internal sealed record SceneObject(NamedColour Colour, ShapeKind Kind, int X, int Y, int Size, int Shade)
{
    // One step of the grid that objects lie on.
    private const int Margin = 4;

    /// <summary>"red circle".</summary>
    public string Phrase => $"{Colour.Name} {Kind.Word()}";

    /// <summary>The colour its pixels have.</summary>
    public SKColor Paint => new(Channel(Colour.Value.Red), Channel(Colour.Value.Green), Channel(Colour.Value.Blue));

    /// <summary>Box and centre, as a label holds them.</summary>
    public GroundedObject Grounded
        => new(new Box(X, Y, X + Size, Y + Size), new PixelPoint(X + Size / 2, Y + Size / 2));

    /// <summary>The same with a box that is a little larger on every side, as far as the picture goes.</summary>
    public GroundedObject WithMargin(int width, int height) => Grounded with
    {
        Box = new Box(Math.Max(X - Margin, 0), Math.Max(Y - Margin, 0), Math.Min(X + Size + Margin, width), Math.Min(Y + Size + Margin, height)),
    };

    private byte Channel(byte value) => (byte)Math.Clamp(value + Shade, 0, 255);
}

/// <summary>Everything there is to draw. Colour and kind together occur once, so "the red circle" is one object at most.</summary>
internal sealed record Scene(int Width, int Height, Texture Texture, IReadOnlyList<SceneObject> Objects)
{
    /// <summary>Where an object is, in words: "top left", "centre", "right", …</summary>
    public string PlaceOf(SceneObject item)
    {
        var vertical = Third(item.Y + item.Size / 2.0, Height, "top", "bottom");
        var horizontal = Third(item.X + item.Size / 2.0, Width, "left", "right");
        var place = $"{vertical} {horizontal}".Trim();
        return place.Length > 0 ? place : "centre";
    }

    private static string Third(double position, int length, string low, string high)
        => position < length / 3.0 ? low : position > length * 2 / 3.0 ? high : "";
}
