using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace ViSurf.Core.Data.Pictures;

/// <summary>Skia's decoders: libjpeg-turbo, libpng, libwebp, Wuffs and its own for BMP. They refuse pictures that end early.</summary>
internal static class SkiaPixels
{
    // Rows of a JPEG that are held as red, green, blue and alpha at a time, in bytes.
    private const int Band = 1 << 20;

    /// <summary>A <see cref="PixelCodec"/>.</summary>
    public static byte[] Read(ReadOnlyMemory<byte> file, PictureHeader header)
        => header.Format switch
        {
            PictureFormat.Tiff => throw new FormatException("a TIFF, which Skia does not read"),
            PictureFormat.Gif => PixelCodecs.Gif(file, header, Decode),
            _ => Decode(file, header),
        };

    private static unsafe byte[] Decode(ReadOnlyMemory<byte> file, PictureHeader header)
    {
        using var pinned = file.Pin();
        using var data = SKData.Create((nint)pinned.Pointer, file.Length);
        using var codec = SKCodec.Create(data);
        if (codec is null || codec.EncodedFormat != Encoded(header.Format)) throw new FormatException("one that cannot be decoded");
        if ((codec.Info.Width, codec.Info.Height) != (header.Width, header.Height))
            throw PixelCodecs.Contradicts(header, codec.Info.Width, codec.Info.Height);
        // Unpremultiplied, so that dropping alpha leaves the stored colours; no colour space, so that they are not converted.
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888,
            codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul, null);
        var rgb = new byte[3L * info.Width * info.Height];
        var row = 4L * info.Width;
        // What decodes row by row never exists whole with its fourth byte.
        var rows = codec.StartScanlineDecode(info) == SKCodecResult.Success ? (int)Math.Clamp(Band / row, 1, info.Height) : 0;
        var memory = NativeMemory.Alloc((nuint)(row * (rows > 0 ? rows : info.Height)));
        try
        {
            if (rows == 0)
            {
                if (codec.GetPixels(info, (nint)memory) is var result and not SKCodecResult.Success) throw Broken(result);
                DropAlpha((byte*)memory, rgb);
                return rgb;
            }
            for (var y = 0; y < info.Height; y += rows)
            {
                var count = Math.Min(rows, info.Height - y);
                if (codec.GetScanlines((nint)memory, count, (int)row) != count) throw Broken(SKCodecResult.IncompleteInput);
                DropAlpha((byte*)memory, rgb.AsSpan((int)(3L * info.Width * y), 3 * info.Width * count));
            }
            return rgb;
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }

    private static unsafe void DropAlpha(byte* rgba, Span<byte> rgb)
    {
        // Four bytes at a time, the last of which the next pixel overwrites; the last pixel has no room for a fourth.
        ref var to = ref MemoryMarshal.GetReference(rgb);
        var last = rgb.Length - 3;
        for (var i = 0; i < last; i += 3, rgba += 4) Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, i), *(uint*)rgba);
        (rgb[last], rgb[last + 1], rgb[last + 2]) = (rgba[0], rgba[1], rgba[2]);
    }

    private static FormatException Broken(SKCodecResult result)
        => result == SKCodecResult.IncompleteInput ? PictureBytes.Cut() : new FormatException($"one that cannot be decoded ({result})");

    private static SKEncodedImageFormat Encoded(PictureFormat format) => format switch
    {
        PictureFormat.Png => SKEncodedImageFormat.Png,
        PictureFormat.Jpeg => SKEncodedImageFormat.Jpeg,
        PictureFormat.WebP => SKEncodedImageFormat.Webp,
        PictureFormat.Gif => SKEncodedImageFormat.Gif,
        _ => SKEncodedImageFormat.Bmp,
    };
}
