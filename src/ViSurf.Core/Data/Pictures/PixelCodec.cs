namespace ViSurf.Core.Data.Pictures;

/// <summary>Encoded bytes to pixels as they are stored, once the header was read and allowed.</summary>
/// <returns>Width × height × 3 bytes.</returns>
/// <exception cref="FormatException">Broken, cut off, or of a kind that this decoder does not read; says what was got.</exception>
internal delegate byte[] PixelCodec(ReadOnlyMemory<byte> file, PictureHeader header);

/// <summary>Which decoder reads what.</summary>
internal static class PixelCodecs
{
    /// <summary>
    /// ImageSharp, and Skia where only its pixels are Pillow's: JPEG (ImageSharp's chroma differs by up to 123 levels), animated WebP
    /// (which ImageSharp 2.1 does not read) and interlaced PNG (narrower than five pixels ImageSharp 2.1.13 never returns from them).
    /// </summary>
    public static PixelCodec Default { get; } = (file, header)
        => header is { Format: PictureFormat.Jpeg } or { Animated: true } or { Interlaced: true }
        ? SkiaPixels.Read(file, header)
        : ImageSharpPixels.Read(file, header);

    /// <summary>The first frame of a GIF, read by any decoder and laid on its canvas.</summary>
    /// <param name="file">The GIF.</param>
    /// <param name="header">Its header.</param>
    /// <param name="read">Reads a GIF of one frame.</param>
    public static byte[] Gif(ReadOnlyMemory<byte> file, PictureHeader header, PixelCodec read)
    {
        using var bytes = new PictureBytes(file);
        var frame = GifFile.First(bytes);
        var pixels = read(GifFile.Alone(bytes, frame), new PictureHeader(PictureFormat.Gif, frame.Width, frame.Height));
        if ((frame.Width, frame.Height) == (header.Width, header.Height)) return pixels;
        var canvas = new byte[3 * header.Width * header.Height];
        var colour = GifFile.Palette(bytes, frame).AsSpan(3 * frame.Background, 3);
        for (var i = 0; i < canvas.Length; i += 3) colour.CopyTo(canvas.AsSpan(i));
        for (long y = 0; y < frame.Height; y++)
        {
            var to = 3 * ((frame.Y + y) * header.Width + frame.X);
            pixels.AsSpan((int)(3 * frame.Width * y), 3 * frame.Width).CopyTo(canvas.AsSpan((int)to));
        }
        return canvas;
    }

    /// <summary>Why a library that has its own reader of headers did not find what ours found.</summary>
    public static FormatException Contradicts(PictureHeader header, int width, int height)
        => new($"one whose header says {header.Width} × {header.Height} pixels and whose content {width} × {height}");
}
