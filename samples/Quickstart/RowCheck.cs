using SkiaSharp;
using ViSurf.Core.Data;

namespace Quickstart;

/// <summary>Looks at every row before any time is spent on training: a label there, a picture that decodes, boxes inside the picture.</summary>
internal static class RowCheck
{
    /// <exception cref="InvalidDataException">The first row that is not fit for training; the message names it.</exception>
    public static void All(IReadOnlyList<VisionExample> rows, string file)
    {
        if (rows.Count == 0) throw new InvalidDataException($"Expected rows in '{file}', found none.");
        foreach (var row in rows)
        {
            if (row.Target is null)
                throw new InvalidDataException($"{file}: row '{row.Id}' has no label. Add a 'solution' (boxes) or an 'answer' (text).");
            var sizes = row.Images.Select(i => SizeOf(i, row, file)).ToArray();
            if (row.Target is GroundingTarget grounding && sizes.Length > 0)
                foreach (var item in grounding.Objects) Inside(item.Box, sizes[0], row, file);
        }
    }

    private static SKSizeI SizeOf(ImageSource image, VisionExample row, string file)
    {
        using var data = SKData.CreateCopy(image.ReadAllBytes().Span);
        using var codec = SKCodec.Create(data);
        if (codec is not null)
        {
            using var bitmap = new SKBitmap(codec.Info);
            if (codec.GetPixels(codec.Info, bitmap.GetPixels()) == SKCodecResult.Success) return codec.Info.Size;
        }
        throw new InvalidDataException($"{file}: the picture '{image.Name}' of row '{row.Id}' is broken or of an unknown kind.");
    }

    private static void Inside(Box box, SKSizeI size, VisionExample row, string file)
    {
        if (box.X1 >= 0 && box.Y1 >= 0 && box.X1 < box.X2 && box.Y1 < box.Y2 && box.X2 <= size.Width && box.Y2 <= size.Height) return;
        throw new InvalidDataException(
            $"{file}: row '{row.Id}' has the box [{box.X1}, {box.Y1}, {box.X2}, {box.Y2}], which is not a rectangle inside its {size.Width} × {size.Height} picture.");
    }
}
