namespace ViSurf.Core.Data.Pictures;

/// <summary>
/// The first directory of a TIFF (6.0): which kinds are read, and whether its strips are there. Others are refused by name.
/// </summary>
internal static class TiffFile
{
    private const int Width = 256, Height = 257, Bits = 258, Compression = 259, Photometric = 262, FillOrder = 266, StripOffsets = 273;
    private const int Samples = 277, RowsPerStrip = 278, StripBytes = 279, Planar = 284, TileWidth = 322, ExtraSamples = 338,
        SampleFormat = 339;
    private const int XmpTag = 700, DngVersion = 50706, MostXmp = 1 << 20;
    private const int Uncompressed = 1, Lzw = 5, Jpeg = 7, Deflate = 8, OldDeflate = 32946, PackBits = 32773, Palette = 3;

    /// <exception cref="FormatException">Not a whole TIFF, or of a kind that is not read.</exception>
    public static PictureHeader Header(PictureBytes bytes)
    {
        var tags = new TiffDirectory(bytes, whole: true);
        double Of(int tag, double otherwise) => tags.Number(tag) ?? otherwise;
        var (width, height, bits, samples) = (Of(Width, 0), Of(Height, 0), Of(Bits, 1), Of(Samples, 1));
        var (method, colours, planar) = (Of(Compression, 1), Of(Photometric, -1), Of(Planar, 1));
        // A number that is none (0/0 as a fraction) is neither below nor above.
        if (width is not (>= 1 and <= uint.MaxValue) || height is not (>= 1 and <= uint.MaxValue))
            throw new FormatException("a TIFF without a size");
        if (Kind(tags, method, colours, samples, bits) is { } other)
            throw new FormatException($"a TIFF {other}, which is not read (save it as PNG)");
        var (size, planes) = (((long)width, (long)height), planar == 2 ? (long)samples : 1);
        return new PictureHeader(PictureFormat.Tiff, (long)width, (long)height)
        {
            SixteenBits = bits > 8 || colours == Palette,
            Orientation = Exif.Of(tags) is > 0 and var said ? said : Math.Max(Xmp.Orientation(tags.Block(XmpTag, MostXmp)), 1),
            Implausible = Strips(bytes, tags, size, (int)method, bits * samples / planes, planes),
        };
    }

    /// <summary>What kind it is, when it is none that is read as Pillow reads it.</summary>
    private static string? Kind(TiffDirectory tags, double method, double colours, double samples, double bits)
    {
        if (tags.Count(DngVersion) > 0) return "of a camera's raw data (DNG)";
        if (tags.Count(TileWidth) > 0) return "in tiles";
        if (method is not (Uncompressed or Lzw or Jpeg or Deflate or OldDeflate or PackBits)) return $"compressed by method {method}";
        if (colours is not (>= 0 and <= Palette))
            return colours switch { 5 => "in CMYK", 6 => "in YCbCr", 8 or 9 or 10 => "in L*a*b*",
                _ => $"of photometric interpretation {colours}" };
        if (tags.Count(Bits) == 0) return "that does not say how many bits a sample has";
        if ((tags.Number(SampleFormat) ?? 1) != 1) return "of signed or floating-point numbers";
        if (bits is not (1 or 2 or 4 or 8 or 16) || (bits < 8 && samples > 1)) return $"of {samples} samples of {bits} bits";
        for (var i = 1; i < Math.Min(tags.Count(Bits), 8); i++)
            if (tags.Number(Bits, i) != bits) return "whose samples have different numbers of bits";
        if ((tags.Number(FillOrder) ?? 1) != 1) return "whose bits are in reverse order";
        var (own, extra) = (colours == 2 ? 3 : 1, tags.Number(ExtraSamples));
        if (samples == own) return null;
        if (samples == 4 && own == 3 && extra == 2) return null;
        return $"of {samples} samples a pixel{(extra == 1 ? ", one of them an alpha that the colours are multiplied by" : "")}";
    }

    /// <summary>Every strip lies in the file; what is said where one cannot hold its rows.</summary>
    private static string? Strips(PictureBytes bytes, TiffDirectory tags, (long Width, long Height) size, int method, double bits,
        long planes)
    {
        var said = tags.Number(RowsPerStrip) ?? size.Height;
        if (double.IsNaN(said)) throw new FormatException("a TIFF that does not say how many rows a strip has");
        var rows = (long)Math.Clamp(said, 1, size.Height);
        var strips = (size.Height + rows - 1) / rows;
        if (tags.Count(StripOffsets) < strips * planes || tags.Count(StripBytes) < strips * planes)
            throw new FormatException("a TIFF without a place for each of its strips");
        var row = Math.Ceiling(size.Width * bits / 8);
        string? tooFew = null;
        for (long i = 0; i < strips * planes; i++)
        {
            var (offset, length) = (tags.Number(StripOffsets, i) ?? -1, tags.Number(StripBytes, i) ?? -1);
            if (!(offset >= 0 && length >= 0 && offset + length <= bytes.Length)) throw PictureBytes.Cut();
            var decoded = row * Math.Min(rows, size.Height - i % strips * rows);
            if (method == Uncompressed && length < decoded) throw PictureBytes.Cut();
            // The longest string of LZW's 4096 comes from 12 bits; a run of 128 from 2 bytes.
            var ratio = method switch { PackBits => 64, Lzw => 2731, _ => PngFile.DeflateRatio };
            if (method != Jpeg) tooFew ??= PictureHeader.TooFew(length, ratio, decoded);
        }
        return tooFew;
    }
}
