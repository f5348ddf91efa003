using SkiaSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Pictures;
using ViSurf.Core.Reporting.Markup;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>A picture small enough to stand in a report. It is decoded and encoded anew, so nothing but its pixels gets in.</summary>
/// <param name="DataUri">The picture; null when there is none.</param>
/// <param name="Width">Of the original, in pixels.</param>
/// <param name="Height">Of the original, in pixels.</param>
/// <param name="Trouble">Why there is none; null when there is.</param>
internal sealed record Thumbnail(string? DataUri, int Width, int Height, string? Trouble)
{
    private const int Lossless = 20_000;
    private const long MostPixels = 100_000_000;

    /// <summary>Reads a picture. One that cannot be read is a sentence in the report and no reason to stop a run.</summary>
    /// <param name="source">The picture.</param>
    /// <param name="side">Longest side in the report, in pixels.</param>
    public static Thumbnail Of(ImageSource source, int side)
    {
        try
        {
            var (width, height) = PictureReader.Size(source, PictureOptions.Default);
            if ((long)width * height > MostPixels)
                return Missing($"'{source.Name}' has {ReportNumber.Whole(width)} × {ReportNumber.Whole(height)} pixels, too many for a report.");
            var picture = PictureReader.Pixels(source, PictureOptions.Default, PixelCodecs.Default);
            using var full = Bitmap(picture);
            return new Thumbnail(Encoded(full, side), picture.Width, picture.Height, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return Missing(e.Message);
        }
    }

    private static SKBitmap Bitmap(Raster picture)
    {
        var bitmap = new SKBitmap(new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var pixels = bitmap.GetPixelSpan();
        for (int from = 0, to = 0; from < picture.Rgb.Length; from += 3, to += 4)
            (pixels[to], pixels[to + 1], pixels[to + 2], pixels[to + 3]) = (picture.Rgb[from], picture.Rgb[from + 1],
                picture.Rgb[from + 2], 255);
        return bitmap;
    }

    private static Thumbnail Missing(string why) => new(null, 0, 0, why);

    private static string Encoded(SKBitmap full, int side)
    {
        var scale = Math.Min(1.0, (double)side / Math.Max(full.Width, full.Height));
        if (scale == 1) return Encoded(full);
        var size = new SKImageInfo(Math.Max(1, (int)Math.Round(full.Width * scale)), Math.Max(1, (int)Math.Round(full.Height * scale)), full.ColorType, full.AlphaType);
        // Each halving averages four pixels; the rest is less than a halving, where linear sampling skips none.
        using var small = full.Resize(size, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        return Encoded(small);
    }

    /// <summary>Exact where that is small, as for diagrams and drawings; else as a photograph.</summary>
    private static string Encoded(SKBitmap picture)
    {
        using var png = picture.Encode(SKEncodedImageFormat.Png, 100);
        if (png.Size <= Lossless) return Uri(png, "png");
        using var jpeg = picture.Encode(SKEncodedImageFormat.Jpeg, 80);
        return jpeg.Size < png.Size ? Uri(jpeg, "jpeg") : Uri(png, "png");
    }

    private static string Uri(SKData data, string type) => $"data:image/{type};base64,{Convert.ToBase64String(data.Span)}";
}
