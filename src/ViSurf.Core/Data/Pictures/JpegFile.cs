namespace ViSurf.Core.Data.Pictures;

/// <summary>The markers of a JPEG (ITU-T T.81).</summary>
internal static class JpegFile
{
    private const int Scan = 0xDA, End = 0xD9, Application1 = 0xE1, MostBetween = 1 << 20;

    /// <summary>Walks the segments up to the first scan.</summary>
    /// <exception cref="FormatException">Not a JPEG with a frame.</exception>
    public static PictureHeader Header(PictureBytes bytes)
    {
        PictureHeader? header = null;
        int? exif = null;
        var xmp = 0;
        for (long offset = 2; ;)
        {
            var marker = Marker(bytes, ref offset);
            if (marker == End) throw new FormatException("a JPEG without a picture");
            if (Alone(marker)) continue;
            var length = bytes.Two(offset, true);
            if (length < 2) throw new FormatException("a JPEG with an impossible segment");
            if (IsFrame(marker))
            {
                if (header is not null) throw new FormatException("a JPEG with two frames");
                if (bytes[offset + 2] != 8) throw new FormatException($"a JPEG with {bytes[offset + 2]} bits a sample");
                header = new PictureHeader(PictureFormat.Jpeg, bytes.Two(offset + 5, true), bytes.Two(offset + 3, true));
            }
            else if (marker == Application1)
            {
                var segment = bytes.Slice(offset + 2, length - 2);
                if (segment.StartsWith("Exif\0"u8)) exif ??= segment.Length > 6 ? Exif.Orientation(segment[6..].ToArray()) : 0;
                else if (segment.StartsWith("http://ns.adobe.com/xap/1.0/\0"u8) && xmp == 0) xmp = Xmp.Orientation(segment);
            }
            else if (marker == Scan)
            {
                var orientation = exif is { } said and > 0 ? said : Math.Max(xmp, 1);
                return header is null ? throw new FormatException("a JPEG without a frame") : header with { Orientation = orientation };
            }
            offset += length;
        }
    }

    /// <summary>For a decoder that shows what is there of a picture that was cut off.</summary>
    /// <exception cref="FormatException">The last scan does not end.</exception>
    public static void EnsureComplete(ReadOnlyMemory<byte> file)
    {
        using var bytes = new PictureBytes(file);
        for (long offset = 2; ;)
        {
            var marker = Marker(bytes, ref offset);
            if (marker == End) return;
            if (Alone(marker)) continue;
            offset += bytes.Two(offset, true);
            if (marker == Scan) offset = AfterScan(file.Span, (int)Math.Min(offset, file.Length));
        }
    }

    /// <summary>The next marker that is not part of compressed data: not a zero that stands for a byte of 255, not a restart.</summary>
    private static long AfterScan(ReadOnlySpan<byte> file, int offset)
    {
        while (true)
        {
            var next = file[offset..].IndexOf((byte)0xFF);
            if (next < 0 || offset + next + 1 >= file.Length) throw PictureBytes.Cut();
            offset += next;
            if (file[offset + 1] is not 0 and not (>= 0xD0 and <= 0xD7)) return offset;
            offset += 2;
        }
    }

    /// <summary>
    /// The code of the next marker; the place moves behind it. What stands between segments is passed over, as decoders do.
    /// </summary>
    private static int Marker(PictureBytes bytes, ref long offset)
    {
        var from = offset;
        while (bytes[offset] != 0xFF || bytes[offset + 1] is 0xFF or 0)
            if (++offset - from > MostBetween) throw new FormatException("a JPEG whose segments are not where they should be");
        offset += 2;
        return bytes[offset - 1];
    }

    private static bool Alone(int marker) => marker is 0x01 or (>= 0xD0 and <= 0xD8);

    private static bool IsFrame(int marker) => marker is >= 0xC0 and <= 0xCF and not 0xC4 and not 0xC8 and not 0xCC;
}
