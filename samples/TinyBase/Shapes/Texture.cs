using SkiaSharp;

namespace TinyBase.Shapes;

internal enum TextureKind
{
    Gradient,
    Stripes,
    Checks,
    Grain,
}

/// <summary>A grey two-tone background under coloured light. Few tones in a regular order, so that a picture stays within about 3 kB as PNG.</summary>
/// <param name="Kind">The pattern.</param>
/// <param name="First">One tone.</param>
/// <param name="Second">The other tone.</param>
/// <param name="Cell">Width of a stripe, side of a check or a grain, in pixels.</param>
/// <param name="Slope">How a stripe or gradient runs: x + slope · y.</param>
/// <param name="Seed">Of the grain.</param>
internal sealed record Texture(TextureKind Kind, SKColor First, SKColor Second, int Cell, int Slope, int Seed)
{
    public static Texture Draw(Random random)
    {
        var value = 42 + random.NextSingle() * 16;
        return new Texture(
            (TextureKind)random.Next(4),
            SKColor.FromHsv(0, 0, value),
            SKColor.FromHsv(0, 0, value + 5 + random.NextSingle() * 5),
            3 + random.Next(6),
            random.Next(-1, 2),
            random.Next());
    }

    /// <summary>The colours of a picture, row by row.</summary>
    public SKColor[] Fill(int width, int height)
    {
        var grain = new Random(Seed);
        var cells = Enumerable.Range(0, (width / Cell + 1) * (height / Cell + 1)).Select(_ => grain.Next(2)).ToArray();
        var pixels = new SKColor[width * height];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                pixels[y * width + x] = Lit(x, y, Mix(Kind switch
                {
                    // Eight steps: a smooth gradient costs more bytes than it is worth.
                    TextureKind.Gradient => Math.Abs(8 * (x + Slope * y) / (width + height)) / 8f,
                    TextureKind.Stripes => (x + Slope * y + height) / Cell % 2,
                    TextureKind.Checks => (x / Cell + y / Cell) % 2,
                    _ => cells[y / Cell * (width / Cell + 1) + x / Cell],
                }));
        return pixels;
    }

    /// <summary>
    /// Warm light from the right, cool light from below, one level every two pixels. Qwen2.5-VL's tower sees patches relative to each other
    /// only; a model this small learns where things are from the light long before it could count patches.
    /// </summary>
    private static SKColor Lit(int x, int y, SKColor tone)
        => new((byte)Math.Clamp(tone.Red + (x - 56) / 2, 0, 255), tone.Green, (byte)Math.Clamp(tone.Blue + (y - 56) / 2, 0, 255));

    private SKColor Mix(float share) => new(
        Channel(First.Red, Second.Red, share), Channel(First.Green, Second.Green, share), Channel(First.Blue, Second.Blue, share));

    private static byte Channel(byte first, byte second, float share) => (byte)MathF.Round(first + (second - first) * share);
}
