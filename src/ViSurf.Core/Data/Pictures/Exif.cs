namespace ViSurf.Core.Data.Pictures;

/// <summary>The orientation in a block of EXIF metadata.</summary>
internal static class Exif
{
    public const int OrientationTag = 274;

    /// <summary>Longer blocks are none: JPEG's have 64 kB at most.</summary>
    public const int Longest = 16 << 20;

    /// <summary>Its value, of whatever type of number; 0 where there is none or the block is no EXIF, for which Pillow, too, takes a picture as it is stored or refuses it.</summary>
    public static int Orientation(ReadOnlyMemory<byte> block)
    {
        if (block.Span.StartsWith("Exif\0\0"u8)) block = block[6..];
        // The second of each pair is wrong and occurs; Pillow reads it.
        if (!(block.Span is [(byte)'I', (byte)'I', 0x2A, 0, ..] or [(byte)'I', (byte)'I', 0, 0x2A, ..] or [(byte)'M', (byte)'M', 0, 0x2A, ..] or [(byte)'M', (byte)'M', 0x2A, 0, ..]))
            return 0;
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
