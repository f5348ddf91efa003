using System.Buffers.Binary;
using System.IO.Compression;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Tiff;
using SixLabors.ImageSharp.Formats.Tiff.Constants;
using SixLabors.ImageSharp.Metadata.Profiles.Exif;
using SixLabors.ImageSharp.PixelFormats;
using SkiaSharp;

namespace ViSurf.Core.Fuzz.Making;

/// <summary>Small whole pictures of several formats, made here; and files that claim sizes they do not have.</summary>
internal static class PictureFiles
{
    private static readonly int[] Sides = [0, 1, 2, 100, 1000, 13377, 13378, 16384, 20000, 23171, 30000, 32767, 32768, 32769, 46341, 65535,
        65536, 100_000, 1 << 24, int.MaxValue, -1];

    /// <summary>Name and bytes.</summary>
    public static IReadOnlyList<(string Name, byte[] File)> Whole { get; } = [.. Made()];

    /// <summary>A header of a random large size with little or nothing behind it.</summary>
    public static (string Name, byte[] File) Claiming(Dice dice)
    {
        var (width, height) = (dice.Of(Sides), dice.Of(Sides));
        return dice.Below(6) switch
        {
            0 => ("claim.png", Png(width, height, depth: dice.Of([1, 8, 16]), colour: dice.Of([0, 2, 3, 6]), [])),
            1 => ("bomb.png", Png(dice.Of([5000, 12000, 14000, 20000]), dice.Of([5000, 12000, 14000, 20000]), depth: 1, colour: 0,
                Zeros(dice))),
            2 => ("claim.gif", Claim(dice, "claim.gif", 6, width, height, bigEndian: false, bytes: 2)),
            3 => ("claim.bmp", Claim(dice, "claim.bmp", 18, width, height, bigEndian: false, bytes: 4)),
            4 => ("claim.jpg", Jpeg(width, height)),
            _ => ("claim.webp", WebP(width, height)),
        };
    }

    private static IEnumerable<(string, byte[])> Made()
    {
        foreach (var (width, height) in new[] { (37, 23), (1, 1), (3, 200) })
        {
            using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
            for (var y = 0; y < height; y++)
                for (var x = 0; x < width; x++)
                    bitmap.SetPixel(x, y, new SKColor((byte)(x * 7), (byte)(y * 11), (byte)(x * y), (byte)(255 - x % 3 * 90)));
            foreach (var (format, end) in new[] { (SKEncodedImageFormat.Png, "png"), (SKEncodedImageFormat.Jpeg, "jpg"),
                (SKEncodedImageFormat.Webp, "webp") })
            {
                using var data = bitmap.Encode(format, 80);
                yield return ($"whole.{end}", data.ToArray());
            }
            yield return ("whole.bmp", Bmp(width, height));
            yield return ("whole.gif", Gif(width, height));
            foreach (var (name, file) in BySharp(width, height)) yield return (name, file);
        }
    }

    /// <summary>What Skia does not write: TIFF, palettes, grey, 16 bits, interlaced rows, several frames, an orientation.</summary>
    private static IEnumerable<(string, byte[])> BySharp(int width, int height)
    {
        using var picture = new Image<Rgba64>(width, height);
        picture.ProcessPixelRows(rows =>
        {
            for (var y = 0; y < height; y++)
                for (var x = 0; x < width; x++)
                    rows.GetRowSpan(y)[x] = new Rgba64((ushort)(x * 997), (ushort)(y * 1999), (ushort)(x * y * 31),
                        (ushort)(65535 - x % 3 * 20000));
        });
        byte[] Saved(IImageEncoder encoder, Image image)
        {
            using var file = new MemoryStream();
            image.Save(file, encoder);
            return file.ToArray();
        }
        yield return ("whole.tiff", Saved(new TiffEncoder(), picture));
        yield return ("packed.tiff",
            Saved(new TiffEncoder { Compression = TiffCompression.Deflate, BitsPerPixel = TiffBitsPerPixel.Bit24 }, picture));
        yield return ("lzw.tiff",
            Saved(new TiffEncoder { Compression = TiffCompression.Lzw, BitsPerPixel = TiffBitsPerPixel.Bit8 }, picture));
        yield return ("palette.png", Saved(new PngEncoder { ColorType = PngColorType.Palette }, picture));
        yield return ("sixteen.png",
            Saved(new PngEncoder { ColorType = PngColorType.RgbWithAlpha, BitDepth = PngBitDepth.Bit16 }, picture));
        yield return ("grey.png", Saved(new PngEncoder { ColorType = PngColorType.Grayscale, BitDepth = PngBitDepth.Bit16 }, picture));
        yield return ("interlaced.png", Saved(new PngEncoder { InterlaceMethod = PngInterlaceMode.Adam7 }, picture));
        yield return ("palette.bmp", Saved(new BmpEncoder { BitsPerPixel = BmpBitsPerPixel.Pixel8 }, picture));
        picture.Frames.AddFrame(picture.Frames.RootFrame);
        yield return ("animated.gif", Saved(new GifEncoder(), picture));
        picture.Frames.RemoveFrame(1);
        picture.Metadata.ExifProfile = new ExifProfile();
        picture.Metadata.ExifProfile.SetValue(ExifTag.Orientation, (ushort)6);
        yield return ("turned.jpg", Saved(new JpegEncoder(), picture));
        yield return ("turned.png", Saved(new PngEncoder(), picture));
    }

    private static byte[] Zeros(Dice dice)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal)) zlib.Write(new byte[dice.Size(2_000_000)]);
        return packed.ToArray();
    }

    private static byte[] Png(int width, int height, int depth, int colour, byte[] data)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)depth, (byte)colour);
        return [0x89, .. "PNG\r\n\u001A\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, data), .. Chunk("IEND"u8, [])];
    }

    private static byte[] Chunk(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        var chunk = new byte[12 + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        name.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + data.Length), Crc(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }
        return ~crc;
    }

    /// <summary>24 bits a pixel, rows from below.</summary>
    private static byte[] Bmp(int width, int height)
    {
        var row = (3 * width + 3) / 4 * 4;
        var file = new byte[54 + row * height];
        "BM"u8.CopyTo(file);
        foreach (var (at, value) in new[] { (2, file.Length), (10, 54), (14, 40), (18, width), (22, height), (26, 1 | 24 << 16),
            (34, row * height) }) BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        for (var i = 54; i < file.Length; i++) file[i] = (byte)(i * 13);
        return file;
    }

    /// <summary>Four colours, one of them transparent; a clear code before every second pixel, so that codes never grow.</summary>
    private static byte[] Gif(int width, int height)
    {
        var (bits, used, packed) = (0, 0, new List<byte>());
        void Code(int code)
        {
            bits |= code << used;
            for (used += 3; used >= 8; used -= 8, bits >>= 8) packed.Add((byte)bits);
        }
        for (var i = 0; i < width * height; i++)
        {
            if (i % 2 == 0) Code(4);
            Code(i * 7 % 4);
        }
        Code(5);
        packed.Add((byte)bits);
        byte[] size = [(byte)width, (byte)(width >> 8), (byte)height, (byte)(height >> 8)];
        var blocks = packed.Chunk(255).SelectMany(block => block.Prepend((byte)block.Length));
        return [.. "GIF89a"u8, .. size, 0x91, 0, 0, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0x21, 0xF9, 4, 1, 0, 0, 2, 0, 0x2C, 0, 0, 0,
            0, .. size, 0, 2, .. blocks, 0, 0x3B];
    }

    private static byte[] Claim(Dice dice, string name, int at, int width, int height, bool bigEndian, int bytes)
    {
        var file = dice.Of([.. Whole.Where(w => Path.GetExtension(w.Name) == Path.GetExtension(name))]).File.ToArray();
        var number = new byte[8];
        for (var i = 0; i < 2; i++)
        {
            if (bigEndian) BinaryPrimitives.WriteInt32BigEndian(number, i == 0 ? width : height);
            else BinaryPrimitives.WriteInt32LittleEndian(number, i == 0 ? width : height);
            number.AsSpan(0, bytes).CopyTo(file.AsSpan(at + i * bytes));
        }
        return file;
    }

    /// <summary>A whole JPEG with another size in its frame header.</summary>
    private static byte[] Jpeg(int width, int height)
    {
        var file = Whole.First(w => w.Name == "whole.jpg").File.ToArray();
        for (var i = 2; i < file.Length - 9; i++)
        {
            if (file[i] != 0xFF || file[i + 1] != 0xC0) continue;
            BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(i + 5), (ushort)height);
            BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(i + 7), (ushort)width);
            break;
        }
        return file;
    }

    /// <summary>An extended header with a canvas of that size before a small picture.</summary>
    private static byte[] WebP(int width, int height)
    {
        var simple = Whole.First(w => w.Name == "whole.webp").File;
        byte[] Three(int value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16)];
        byte[] extended = [.. "VP8X"u8, 10, 0, 0, 0, 0, 0, 0, 0, .. Three(width - 1), .. Three(height - 1)];
        byte[] body = [.. "WEBP"u8, .. extended, .. simple.AsSpan(12)];
        var size = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, body.Length);
        return [.. "RIFF"u8, .. size, .. body];
    }
}
