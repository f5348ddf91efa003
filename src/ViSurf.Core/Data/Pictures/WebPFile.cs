namespace ViSurf.Core.Data.Pictures;

/// <summary>The chunks of a WebP (RFC 9649).</summary>
internal static class WebPFile
{
    private const int First = 12, AnimationFlag = 0x02, XmpFlag = 0x04, ExifFlag = 0x08, MostXmp = 1 << 20;

    /// <exception cref="FormatException">Not a whole WebP, or one whose canvas and picture differ.</exception>
    public static PictureHeader Header(PictureBytes bytes)
    {
        var end = bytes.Four(4, false) + 8;
        if (end > bytes.Length) throw PictureBytes.Cut();
        (long Width, long Height)? canvas = null, frame = null;
        var (flags, exif, xmp) = (0, 0, 0);
        for (long offset = First; offset + 8 <= end;)
        {
            var length = bytes.Four(offset + 4, false);
            var data = offset + 8;
            if (data + length > end) throw PictureBytes.Cut();
            var type = System.Text.Encoding.Latin1.GetString(bytes.Slice(offset, 4));
            switch (type)
            {
                case "VP8X" when offset == First && length >= 10:
                    (flags, canvas) = (bytes[data], (Three(bytes, data + 4) + 1, Three(bytes, data + 7) + 1));
                    break;
                case "VP8 " or "VP8L":
                    frame ??= Size(bytes, type, data, length);
                    break;
                case "ANMF" when frame is null && length >= 16:
                    // Places are stored halved.
                    frame = (2 * Three(bytes, data) + Three(bytes, data + 6) + 1, 2 * Three(bytes, data + 3) + Three(bytes, data + 9) + 1);
                    break;
                case "EXIF" when (flags & ExifFlag) != 0 && exif == 0 && length <= Exif.Longest:
                    exif = Exif.Orientation(bytes.Slice(data, (int)length).ToArray());
                    break;
                case "XMP " when (flags & XmpFlag) != 0 && xmp == 0 && length <= MostXmp:
                    xmp = Xmp.Orientation(bytes.Slice(data, (int)length));
                    break;
            }
            offset = data + length + length % 2;
        }
        var animated = (flags & AnimationFlag) != 0;
        if (frame is not { } picture) throw new FormatException("a WebP without a picture");
        var size = canvas ?? picture;
        var fits = animated ? picture.Width <= size.Width && picture.Height <= size.Height : picture == size;
        if (!fits)
            throw new FormatException($"a WebP with a canvas of {size.Width} × {size.Height} pixels and a picture of {picture.Width} × "
                + $"{picture.Height}");
        var orientation = exif > 0 ? exif : Math.Max(xmp, 1);
        return new PictureHeader(PictureFormat.WebP, size.Width, size.Height) { Animated = animated, Orientation = orientation };
    }

    private static (long Width, long Height) Size(PictureBytes bytes, string type, long data, long length)
    {
        if (type == "VP8L")
        {
            if (length < 5 || bytes[data] != 0x2F) throw new FormatException("a WebP without a header");
            var sides = bytes.Four(data + 1, false);
            return ((sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1);
        }
        // A key frame: its first partition's length in the upper 19 of 24 bits, a fixed code, the sides.
        if (length < 10 || (bytes[data] & 1) != 0 || !bytes.Slice(data + 3, 3).SequenceEqual((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A]))
            throw new FormatException("a WebP without a header");
        if ((Three(bytes, data) >> 5) + 10 > length) throw PictureBytes.Cut();
        return (bytes.Two(data + 6, false) & 0x3FFF, bytes.Two(data + 8, false) & 0x3FFF);
    }

    private static long Three(PictureBytes bytes, long offset) => bytes.Two(offset, false) + 65536L * bytes[offset + 2];
}
