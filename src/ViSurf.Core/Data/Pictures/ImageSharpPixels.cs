using System.Runtime.InteropServices;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Memory;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;

namespace ViSurf.Core.Data.Pictures;

/// <summary>SixLabors.ImageSharp's decoders. They show what is there of a picture that ends early, so that is found out by us.</summary>
internal static class ImageSharpPixels
{
    // Seven passes over a picture so narrow are not seven: ImageSharp 2.1.13 then never returns, or mixes up rows.
    private const int NarrowestInterlaced = 5;
    private const string NotRead = "which ImageSharp 2.1 does not read (ImageDecoder.Default does)";

    // A pool that is small beside a model, one thread (pictures are decoded on several), and a limit that no allowed picture reaches.
    private static readonly Configuration Settings = new()
    {
        MaxDegreeOfParallelism = 1,
        MemoryAllocator = MemoryAllocator.Create(new() { MaximumPoolSizeMegabytes = 64, AllocationLimitMegabytes = 2048 }),
    };

    /// <summary>A <see cref="PixelCodec"/>.</summary>
    public static byte[] Read(ReadOnlyMemory<byte> file, PictureHeader header)
    {
        switch (header.Format)
        {
            case PictureFormat.Gif:
                return PixelCodecs.Gif(file, header, Decode);
            case PictureFormat.WebP when header.Animated:
                throw new FormatException($"an animated WebP, {NotRead}");
            case PictureFormat.Png when header.Interlaced && header.Width < NarrowestInterlaced:
                throw new FormatException($"an interlaced PNG narrower than {NarrowestInterlaced} pixels, {NotRead}");
            case PictureFormat.Png when header.Interlaced:
                PngFile.EnsureComplete(file, header);
                break;
            case PictureFormat.Jpeg:
                JpegFile.EnsureComplete(file);
                break;
        }
        var rgb = Decode(file, header);
        // Rows come in their order and missing ones stay black: only a PNG that ends in black is inflated once more, to see whether all are
        // there.
        var lastRow = rgb.AsSpan(rgb.Length - (int)(3 * header.Width));
        if (header.Format == PictureFormat.Png && !lastRow.ContainsAnyExcept((byte)0)) PngFile.EnsureComplete(file, header);
        return rgb;
    }

    private static byte[] Decode(ReadOnlyMemory<byte> file, PictureHeader header)
    {
        try
        {
            using var stream = MemoryMarshal.TryGetArray(file, out var array)
                ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
                : new MemoryStream(file.ToArray(), writable: false);
            return header.SixteenBits ? UpperBytes(stream, header) : Bytes(stream, header);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or FormatException))
        {
            // Damaged files make a library of decoders throw whatever there is; its words are kept inside.
            throw new FormatException("one that cannot be decoded", e);
        }
    }

    private static byte[] Bytes(Stream stream, PictureHeader header)
    {
        using var image = Decoder(header.Format).Decode<Rgb24>(Settings, stream, default);
        EnsureSize(image, header);
        var rgb = new byte[3L * image.Width * image.Height];
        image.CopyPixelDataTo(rgb);
        return rgb;
    }

    private static byte[] UpperBytes(Stream stream, PictureHeader header)
    {
        using var image = Decoder(header.Format).Decode<Rgb48>(Settings, stream, default);
        EnsureSize(image, header);
        var rgb = new byte[3L * image.Width * image.Height];
        var to = 0;
        image.ProcessPixelRows(rows =>
        {
            for (var y = 0; y < rows.Height; y++)
                foreach (var sample in MemoryMarshal.Cast<Rgb48, ushort>(rows.GetRowSpan(y))) rgb[to++] = (byte)(sample >> 8);
        });
        return rgb;
    }

    private static void EnsureSize(Image image, PictureHeader header)
    {
        if ((image.Width, image.Height) != (header.Width, header.Height)) throw PixelCodecs.Contradicts(header, image.Width, image.Height);
    }

    private static IImageDecoder Decoder(PictureFormat format) => format switch
    {
        PictureFormat.Png => new PngDecoder { IgnoreMetadata = true },
        PictureFormat.Jpeg => new JpegDecoder { IgnoreMetadata = true },
        PictureFormat.WebP => new WebpDecoder { IgnoreMetadata = true },
        PictureFormat.Gif => new GifDecoder { IgnoreMetadata = true, DecodingMode = FrameDecodingMode.First },
        PictureFormat.Bmp => new BmpDecoder { RleSkippedPixelHandling = RleSkippedPixelHandling.FirstColorOfPalette },
        _ => new TiffDecoder { IgnoreMetadata = true, DecodingMode = FrameDecodingMode.First },
    };
}
