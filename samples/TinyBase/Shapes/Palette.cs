using SkiaSharp;

namespace TinyBase.Shapes;

/// <summary>A colour with the word for it.</summary>
internal sealed record NamedColour(string Name, SKColor Value);

/// <summary>Eight colours that stay apart on any muted background.</summary>
internal static class Palette
{
    public static IReadOnlyList<NamedColour> Colours { get; } =
    [
        new("red", new SKColor(220, 38, 38)),
        new("green", new SKColor(30, 150, 60)),
        new("blue", new SKColor(40, 80, 225)),
        new("yellow", new SKColor(250, 215, 30)),
        new("purple", new SKColor(140, 45, 185)),
        new("cyan", new SKColor(40, 205, 225)),
        new("white", new SKColor(250, 250, 250)),
        new("black", new SKColor(15, 15, 15)),
    ];
}
