namespace ViSurf.Core.Data.Pictures;

/// <summary>The orientation in a block of EXIF metadata.</summary>
internal static class Exif
{
    public const int OrientationTag = 274;

    /// <summary>Longer blocks are none: JPEG's have 64 kB at most.</summary>
    public const int Longest = 16 << 20;

    /// <summary>Its value, of whatever type of number; 0 where there is none or the block is no EXIF.</summary>
    /// <remarks>With a block that is damaged Pillow, too, takes a picture as it is stored, or refuses it.</remarks>
    public static int Orientation(ReadOnlyMemory<byte> block)
    {
        if (block.Span.StartsWith("Exif\0\0"u8)) block = block[6..];
        var head = block.Span;
        // The number behind them may be in the wrong order: it occurs, and Pillow reads it.
        if (!(head.StartsWith("II"u8) || head.StartsWith("MM"u8)) || head is not ([_, _, 0x2A, 0, ..] or [_, _, 0, 0x2A, ..])) return 0;
        try
        {
            using var bytes = new PictureBytes(block);
            return Of(new TiffDirectory(bytes, whole: false));
        }
        catch (FormatException)
        {
            return 0; // A damaged remark says nothing; the picture is whole.
        }
    }

    /// <summary>The orientation in a directory; 0 where it has none.</summary>
    public static int Of(TiffDirectory directory)
        => directory.Number(OrientationTag) is { } value ? value is >= 2 and <= 8 && value == Math.Floor(value) ? (int)value : 1 : 0;
}
