using System.Globalization;

namespace ViSurf.Core.Data.Pictures;

/// <summary>What a file says about its picture, checked for sense, in 64 bits: nothing is allocated or decoded before.</summary>
/// <param name="Format">The format.</param>
/// <param name="Width">Pixels a row, as stored.</param>
/// <param name="Height">Rows, as stored.</param>
internal sealed record PictureHeader(PictureFormat Format, long Width, long Height)
{
    /// <summary>EXIF's: 1 as stored, 2 to 8 mirrored or turned.</summary>
    public int Orientation { get; init; } = 1;

    /// <summary>Samples or colours of a palette have 16 bits; the upper eight count.</summary>
    public bool SixteenBits { get; init; }

    /// <summary>Rows are not stored in their order (PNG).</summary>
    public bool Interlaced { get; init; }

    /// <summary>The first of several frames is what is read (WebP).</summary>
    public bool Animated { get; init; }

    /// <summary>Why the file cannot hold what it claims; null where it can. Said after the limits, which say more.</summary>
    public string? Implausible { get; init; }

    /// <summary>Reads and checks it.</summary>
    /// <exception cref="FormatException">
    /// Not a picture that is read, cut off, or one that contradicts itself; says what was got.
    /// </exception>
    public static PictureHeader Read(PictureBytes bytes)
    {
        var header = PictureSignature.Read(bytes) switch
        {
            PictureFormat.Png => PngFile.Header(bytes),
            PictureFormat.Jpeg => JpegFile.Header(bytes),
            PictureFormat.WebP => WebPFile.Header(bytes),
            PictureFormat.Gif => GifFile.Header(bytes),
            PictureFormat.Bmp => BmpFile.Header(bytes),
            _ => TiffFile.Header(bytes),
        };
        return header is { Width: > 0, Height: > 0 } ? header
            : throw new FormatException($"one of {header.Width} × {header.Height} pixels");
    }

    /// <summary>The size of the picture as it will be decoded.</summary>
    /// <exception cref="FormatException">It has more pixels than the options allow, or than its bytes can hold.</exception>
    public FrameSize Size(PictureOptions options)
    {
        // Sides are below 2^32, so that their product may reach 2^64: doubles are exact enough to compare.
        if ((double)Width * Height > options.MaxPixels)
            throw new FormatException(string.Create(CultureInfo.InvariantCulture,
                $"one of {Width} × {Height} pixels, more than the {options.MaxPixels:#,0} of PictureOptions.MaxPixels ")
                + "(resize it, or raise the limit where you trust the data)");
        if (Implausible is not null) throw new FormatException(Implausible);
        var (width, height) = ((int)Width, (int)Height);
        return options.ApplyOrientation && Orientation >= 5 ? new FrameSize(height, width) : new FrameSize(width, height);
    }

    /// <summary>Why so few bytes cannot be that picture, whatever it shows; null when they can.</summary>
    /// <param name="bytes">Compressed.</param>
    /// <param name="ratio">The most that the method makes of one byte.</param>
    /// <param name="decoded">Bytes or pixels claimed.</param>
    public static string? TooFew(double bytes, int ratio, double decoded)
        => (bytes + 64) * ratio >= decoded ? null
            : string.Create(CultureInfo.InvariantCulture, $"one whose {bytes:#,0} compressed bytes cannot hold the size it claims");
}
