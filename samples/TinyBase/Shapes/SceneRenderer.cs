using SkiaSharp;

namespace TinyBase.Shapes;

/// <summary>Draws a scene pixel by pixel, so that a label's box is exact on every machine; Skia only writes the PNG.</summary>
internal static class SceneRenderer
{
    // A pixel belongs to a shape when one of its 4 × 4 sample points does: thin tips reach the side of their box.
    private const int Samples = 4;

    public static byte[] Png(Scene scene)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(scene.Width, scene.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Pixels = Pixels(scene);
        using var pixmap = bitmap.PeekPixels();
        using var png = pixmap.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, zLibLevel: 9))
            ?? throw new IOException("Expected Skia to write a PNG, got nothing.");
        return png.ToArray();
    }

    public static SKColor[] Pixels(Scene scene)
    {
        var pixels = scene.Texture.Fill(scene.Width, scene.Height);
        foreach (var item in scene.Objects)
            for (var y = item.Y; y < item.Y + item.Size; y++)
                for (var x = item.X; x < item.X + item.Size; x++)
                    if (Covers(item, x, y)) pixels[y * scene.Width + x] = item.Paint;
        return pixels;
    }

    private static bool Covers(SceneObject item, int x, int y)
    {
        for (var i = 0; i < Samples * Samples; i++)
        {
            var u = 2 * (x - item.X + (i % Samples + 0.5) / Samples) / item.Size - 1;
            var v = 2 * (y - item.Y + (i / Samples + 0.5) / Samples) / item.Size - 1;
            if (item.Kind.Contains(u, v)) return true;
        }
        return false;
    }
}
