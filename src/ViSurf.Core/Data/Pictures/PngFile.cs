using System.IO.Compression;

namespace ViSurf.Core.Data.Pictures;

/// <summary>The chunks of a PNG (ISO/IEC 15948).</summary>
internal static class PngFile
{
    private const int Signature = 8, Frame = 12, LongestText = 1 << 20;
    /// <summary>The most that one byte of deflate becomes: 258 bytes in two bits.</summary>
    public const int DeflateRatio = 1032;

    /// <summary>Walks every chunk, without reading their contents.</summary>
    /// <exception cref="FormatException">Not a whole PNG.</exception>
    public static PictureHeader Header(PictureBytes bytes)
    {
        if (!Type(bytes, Signature).SequenceEqual("IHDR"u8) || bytes.Four(Signature, true) != 13)
            throw new FormatException("a PNG without a header");
        var ihdr = bytes.Slice(Signature + 8, 13).ToArray();
        var (width, height) = (bytes.Four(Signature + 8, true), bytes.Four(Signature + 12, true));
        if (width > int.MaxValue || height > int.MaxValue || ihdr[12] > 1) throw new FormatException("a PNG with an impossible header");
        long data = 0;
        var (exif, text) = (0, 0);
        foreach (var (offset, length) in Chunks(bytes))
        {
            var type = Type(bytes, offset);
            if (type.SequenceEqual("IDAT"u8)) data += length;
            else if (type.SequenceEqual("eXIf"u8) && exif == 0 && length <= Exif.Longest)
                exif = Exif.Orientation(Content(bytes, offset, length));
            else if (type.EndsWith("Xt"u8) && text == 0 && length <= LongestText) text = Text(Content(bytes, offset, length));
        }
        if (data == 0) throw new FormatException("a PNG without pixels");
        return new PictureHeader(PictureFormat.Png, width, height)
        {
            SixteenBits = ihdr[8] == 16, Interlaced = ihdr[12] == 1, Orientation = exif > 0 ? exif : Math.Max(text, 1),
            Implausible = PictureHeader.TooFew(data, DeflateRatio, (double)width * height * Bits(ihdr) / 8),
        };
    }

    /// <summary>A decoder that stops in silence where the pixels stop gets only files that hold them all.</summary>
    /// <exception cref="FormatException">Rows are missing.</exception>
    public static void EnsureComplete(ReadOnlyMemory<byte> file, PictureHeader header)
    {
        using var bytes = new PictureBytes(file);
        using var data = new MemoryStream();
        foreach (var (offset, length) in Chunks(bytes))
            if (Type(bytes, offset).SequenceEqual("IDAT"u8)) data.Write(bytes.Slice(offset + 8, (int)length));
        data.Position = 0;
        var missing = RawBytes(header, Bits(bytes.Slice(Signature + 8, 13)));
        try
        {
            using var pixels = new ZLibStream(data, CompressionMode.Decompress);
            var buffer = new byte[1 << 16];
            for (int read; missing > 0 && (read = pixels.Read(buffer)) > 0;) missing -= read;
        }
        catch (InvalidDataException e)
        {
            throw new FormatException("one whose compressed pixels are damaged", e);
        }
        if (missing > 0) throw PictureBytes.Cut();
    }

    /// <summary>Bytes of all rows with their filters, of all seven passes where there are passes (Adam7).</summary>
    private static long RawBytes(PictureHeader header, int bits)
    {
        if (!header.Interlaced) return header.Height * (1 + (header.Width * bits + 7) / 8);
        (int X, int Y, int Dx, int Dy)[] passes =
            [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
        return passes.Sum(pass =>
        {
            var (columns, rows) = ((header.Width - pass.X + pass.Dx - 1) / pass.Dx, (header.Height - pass.Y + pass.Dy - 1) / pass.Dy);
            return columns > 0 && rows > 0 ? rows * (1 + (columns * bits + 7) / 8) : 0;
        });
    }

    private static int Bits(ReadOnlySpan<byte> ihdr)
    {
        var (depth, colour) = (ihdr[8], ihdr[9]);
        var fits = colour switch
        {
            0 => depth is 1 or 2 or 4 or 8 or 16,
            3 => depth is 1 or 2 or 4 or 8,
            2 or 4 or 6 => depth is 8 or 16,
            _ => false,
        };
        if (!fits) throw new FormatException($"a PNG of colour type {colour} with {depth} bits, which there is not");
        return depth * colour switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
    }

    private static IEnumerable<(long Offset, long Length)> Chunks(PictureBytes bytes)
    {
        for (long offset = Signature; ;)
        {
            var length = bytes.Four(offset, true);
            if (length > bytes.Length - offset - Frame) throw PictureBytes.Cut();
            if (Type(bytes, offset).SequenceEqual("IEND"u8)) yield break;
            yield return (offset, length);
            offset += length + Frame;
        }
    }

    private static byte[] Content(PictureBytes bytes, long chunk, long length) => bytes.Slice(chunk + 8, (int)length).ToArray();

    private static ReadOnlySpan<byte> Type(PictureBytes bytes, long offset) => bytes.Slice(offset + 4, 4);

    /// <summary>An orientation in a text chunk: XMP, or EXIF as ImageMagick writes it out in hexadecimal digits.</summary>
    private static int Text(byte[] chunk)
    {
        var end = Array.IndexOf(chunk, (byte)0);
        if (end < 0) return 0;
        var key = System.Text.Encoding.Latin1.GetString(chunk, 0, end);
        var rest = chunk.AsSpan(end + 1);
        if (key == "XML:com.adobe.xmp") return Xmp.Orientation(Inflated(rest, 4));
        if (key != "Raw profile type exif") return 0;
        // Three lines before the digits: an empty one, the name, the length.
        var lines = System.Text.Encoding.Latin1.GetString(Inflated(rest, 1)).Split('\n');
        var digits = string.Concat(lines.Skip(3));
        return digits.Length % 2 == 0 && digits.All(char.IsAsciiHexDigit) ? Exif.Orientation(Convert.FromHexString(digits)) : 0;
    }

    /// <summary>
    /// A text chunk's content, which may be compressed (then a few bytes stand before it); never more than is read of a plain one.
    /// </summary>
    private static byte[] Inflated(ReadOnlySpan<byte> content, int most)
    {
        for (var skip = 0; skip <= most && skip + 2 < content.Length; skip++)
        {
            // The two bytes with which zlib's streams begin.
            if (content[skip] != 0x78 || (content[skip] << 8 | content[skip + 1]) % 31 != 0) continue;
            try
            {
                using var plain = new ZLibStream(new MemoryStream(content[skip..].ToArray()), CompressionMode.Decompress);
                var buffer = new byte[LongestText];
                return buffer[..plain.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
            }
            catch (InvalidDataException)
            {
                return []; // A damaged remark says nothing; the picture is whole.
            }
        }
        return content.ToArray();
    }
}
