namespace ViSurf.Core.Data.Pictures;

/// <summary>The first frame of a GIF, in terms of its bytes.</summary>
/// <param name="X">Its left edge on the canvas.</param>
/// <param name="Y">Its upper edge.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Interlaced">Rows are stored in four passes.</param>
/// <param name="Palette">Where its own or the file's colours stand.</param>
/// <param name="Colours">How many; 0 where there are none, and numbers are shades of grey.</param>
/// <param name="Background">What fills the canvas around it: the transparent colour, or the first.</param>
/// <param name="Data">Where the compressed numbers begin, with the width of the first codes.</param>
internal sealed record GifFrame(int X, int Y, int Width, int Height, bool Interlaced, long Palette, int Colours, int Background, long Data);

/// <summary>
/// The blocks of a GIF (89a). Only the first frame is read, in its palette's colours, those of transparent pixels included.
/// </summary>
internal static class GifFile
{
    private const int ScreenEnd = 13, PaletteBytes = 768;
    private const byte Extension = (byte)'!', Image = (byte)',', Trailer = (byte)';';
    private const byte Control = 0xF9, OwnPalette = 0x80, InterlaceFlag = 0x40;

    /// <summary>The canvas: the screen, made larger where the first frame reaches beyond it.</summary>
    /// <exception cref="FormatException">Not a GIF with a picture.</exception>
    public static PictureHeader Header(PictureBytes bytes)
    {
        var frame = First(bytes);
        if (frame.Width == 0 || frame.Height == 0) throw new FormatException("a GIF whose first frame is empty");
        var (width, height) = (bytes.Two(6, false), bytes.Two(8, false));
        return new PictureHeader(PictureFormat.Gif, Math.Max(width, frame.X + frame.Width), Math.Max(height, frame.Y + frame.Height));
    }

    /// <summary>Finds the first frame.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static GifFrame First(PictureBytes bytes)
    {
        var (screen, background) = (bytes[10], 0);
        var colours = Colours(screen);
        for (var offset = ScreenEnd + 3L * colours; ;)
        {
            var block = bytes[offset];
            if (block == Trailer) throw new FormatException("a GIF without a picture");
            if (block == Extension)
            {
                if (bytes[offset + 1] == Control && bytes[offset + 2] >= 4 && (bytes[offset + 3] & 1) != 0) background = bytes[offset + 6];
                offset = AfterBlocks(bytes, offset + 2);
            }
            else if (block == Image)
            {
                var flags = bytes[offset + 9];
                var own = Colours(flags);
                var (x, y) = (bytes.Two(offset + 1, false), bytes.Two(offset + 3, false));
                var (width, height) = (bytes.Two(offset + 5, false), bytes.Two(offset + 7, false));
                var (palette, data) = (own > 0 ? offset + 10 : ScreenEnd, offset + 10 + 3L * own);
                return new GifFrame(x, y, width, height, (flags & InterlaceFlag) != 0, palette, own > 0 ? own : colours, background, data);
            }
            else
            {
                offset++; // As decoders do.
            }
        }
    }

    /// <summary>The first frame as a GIF of its own: nothing transparent, nothing around it, no colour missing.</summary>
    /// <remarks>Decoders paint a transparent pixel black, or leave it out; Pillow's <c>convert("RGB")</c> keeps its colour.</remarks>
    /// <exception cref="FormatException">The frame, or the file after it, is not all there.</exception>
    public static byte[] Alone(PictureBytes bytes, GifFrame frame)
    {
        GifPixels.EnsureComplete(bytes, frame);
        var end = AfterBlocks(bytes, frame.Data + 1);
        EnsureTrailer(bytes, end);
        using var gif = new MemoryStream();
        using var writer = new BinaryWriter(gif);
        writer.Write("GIF89a"u8);
        writer.Write((ushort)frame.Width);
        writer.Write((ushort)frame.Height);
        // 256 colours, the first of them behind, square pixels.
        writer.Write([0xF7, 0, 0]);
        writer.Write(Palette(bytes, frame));
        writer.Write([Image, 0, 0, 0, 0]);
        writer.Write((ushort)frame.Width);
        writer.Write((ushort)frame.Height);
        writer.Write(frame.Interlaced ? InterlaceFlag : (byte)0);
        writer.Write(bytes.Slice(frame.Data, (int)(end - frame.Data)));
        writer.Write(Trailer);
        writer.Flush();
        return gif.ToArray();
    }

    /// <summary>256 colours; numbers that the file gives none are shades of grey.</summary>
    public static byte[] Palette(PictureBytes bytes, GifFrame frame)
    {
        var palette = new byte[PaletteBytes];
        for (var i = 0; i < PaletteBytes; i++) palette[i] = (byte)(i / 3);
        bytes.Slice(frame.Palette, 3 * frame.Colours).CopyTo(palette);
        return palette;
    }

    private static int Colours(byte flags) => (flags & OwnPalette) == 0 ? 0 : 2 << (flags & 7);

    /// <summary>The place after a row of sub-blocks, each of which says its length.</summary>
    private static long AfterBlocks(PictureBytes bytes, long offset)
    {
        for (int length; (length = bytes[offset]) > 0;) offset += 1 + length;
        return offset + 1;
    }

    private static void EnsureTrailer(PictureBytes bytes, long offset)
    {
        for (byte block; (block = bytes[offset]) != Trailer;)
            offset = block switch
            {
                Extension => AfterBlocks(bytes, offset + 2),
                Image => AfterBlocks(bytes, offset + 11 + 3L * Colours(bytes[offset + 9])),
                _ => offset + 1,
            };
    }
}
