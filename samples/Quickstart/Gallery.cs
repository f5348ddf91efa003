using SkiaSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;

namespace Quickstart;

/// <summary>Draws held-out pictures with the true box and the boxes predicted before and after.</summary>
internal static class Gallery
{
    private const int Columns = 4;
    private const int MostRows = 3;
    private const int Tile = 260;
    private const int Caption = 46;
    private const int Margin = 12;
    private static readonly SKColor Truth = SKColors.White;
    private static readonly SKColor Before = new(255, 120, 0);
    private static readonly SKColor After = new(0, 230, 90);

    public static void Save(IReadOnlyList<Prediction> before, IReadOnlyList<Prediction> after, string file)
    {
        var shown = Choose(before);
        var lines = (shown.Length + Columns - 1) / Columns;
        using var bitmap = new SKBitmap(Columns * (Tile + Margin) + Margin, lines * (Tile + Caption + Margin) + Margin + 28);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(new SKColor(28, 30, 34));
        using var font = new SKFont(SKTypeface.Default, 15);
        Text(canvas, font, Margin, 26, ("truth (dashed)", Truth), ("before", Before), ("after", After));
        for (var i = 0; i < shown.Length; i++)
        {
            var (x, y) = (Margin + i % Columns * (Tile + Margin), 28 + Margin + i / Columns * (Tile + Caption + Margin));
            Draw(canvas, font, x, y, before[shown[i]], after[shown[i]]);
        }
        using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(file, png.ToArray());
    }

    /// <summary>Alternates between objects that are there and objects that are not.</summary>
    private static int[] Choose(IReadOnlyList<Prediction> rows)
    {
        var present = Enumerable.Range(0, rows.Count).Where(i => rows[i].Truth is { Count: > 0 } && rows[i].Example.Images.Count > 0);
        var absent = Enumerable.Range(0, rows.Count).Where(i => rows[i].Truth is { Count: 0 } && rows[i].Example.Images.Count > 0);
        return [.. present.Take(Columns * MostRows / 2).Concat(absent.Take(Columns * MostRows / 2))];
    }

    private static void Draw(SKCanvas canvas, SKFont font, int x, int y, Prediction before, Prediction after)
    {
        using var picture = Picture(after.Example.Images[0]);
        var scale = (float)Tile / Math.Max(picture.Width, picture.Height);
        canvas.DrawImage(picture, SKRect.Create(x, y, picture.Width * scale, picture.Height * scale), SKSamplingOptions.Default);
        Boxes(canvas, x, y, scale, before.Boxes, Before, 3, null);
        Boxes(canvas, x, y, scale, after.Boxes, After, 3, null);
        Boxes(canvas, x, y, scale, after.Truth, Truth, 1.5f, [6, 5]);
        var question = after.Example.Turns[^1].Parts.LastOrDefault(p => p.Text is not null)?.Text ?? "";
        Text(canvas, font, x, y + Tile + 18, (question.Length > 34 ? question[..33] + "…" : question, SKColors.White));
        Text(canvas, font, x, y + Tile + 38, (Words(before), Before), (Words(after), After));
    }

    /// <summary>As the model sees it: turned upright, and within the decoder's limits.</summary>
    private static SKImage Picture(ImageSource source)
    {
        var image = ImageDecoder.Default.Decode(source);
        var rgba = new byte[4L * image.Width * image.Height];
        for (int from = 0, to = 0; from < image.Pixels.Length; from += 3, to += 4)
            (rgba[to], rgba[to + 1], rgba[to + 2], rgba[to + 3]) = (image.Pixels[from], image.Pixels[from + 1],
                image.Pixels[from + 2], 255);
        return SKImage.FromPixelCopy(new SKImageInfo(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), rgba);
    }

    private static string Words(Prediction p)
        => p.Boxes is null ? "unreadable" : p.Boxes.Count == 0 ? "not there" : p.Boxes.Count == 1 ? "a box" : $"{p.Boxes.Count} boxes";

    private static void Boxes(SKCanvas canvas, int x, int y, float scale, IReadOnlyList<Box>? boxes, SKColor colour, float width, float[]? dashes)
    {
        using var dash = dashes is null ? null : SKPathEffect.CreateDash(dashes, 0);
        using var pen = new SKPaint { Color = colour, Style = SKPaintStyle.Stroke, StrokeWidth = width, IsAntialias = true, PathEffect = dash };
        foreach (var b in boxes ?? [])
            canvas.DrawRect(new SKRect(x + (float)b.X1 * scale, y + (float)b.Y1 * scale, x + (float)b.X2 * scale, y + (float)b.Y2 * scale), pen);
    }

    private static void Text(SKCanvas canvas, SKFont font, float x, float y, params (string Words, SKColor Colour)[] parts)
    {
        foreach (var (words, colour) in parts)
        {
            using var pen = new SKPaint { Color = colour, IsAntialias = true };
            canvas.DrawText(words, x, y, SKTextAlign.Left, font, pen);
            x += font.MeasureText(words) + 18;
        }
    }
}
