using SkiaSharp;

namespace ViSurf.Core.Tests.Support;

/// <summary>Pictures made for a test.</summary>
internal static class Pictures
{
    /// <summary>A PNG, blue with a red rectangle; edges are those of whole pixels.</summary>
    public static byte[] WithRectangle(int width, int height, int x1, int y1, int x2, int y2)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(new SKColor(0, 0, 255));
        for (var y = y1; y < y2; y++)
            for (var x = x1; x < x2; x++) bitmap.SetPixel(x, y, new SKColor(255, 0, 0));
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>A PNG of one colour.</summary>
    public static byte[] Plain(int width, int height) => WithRectangle(width, height, 0, 0, 0, 0);

    /// <summary>CRC-32 as PNG's chunks have it.</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = ~0u;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }
        return ~crc;
    }
}
