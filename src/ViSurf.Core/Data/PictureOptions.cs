using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>Which pictures are read, and which way up. The limits are compared with a file's header, before anything is decoded.</summary>
public sealed record PictureOptions
{
    /// <summary>What one array of red, green and blue bytes can hold.</summary>
    private const long MostPixels = 715_827_863;

    /// <summary>Most pixels, width times height, from 1 to 715,827,863.</summary>
    /// <value>178,956,970: above it Pillow refuses a picture as a decompression bomb. Decoded such a picture takes half a gigabyte.</value>
    public long MaxPixels { get; init => field = Guard.InRange(value, 1, MostPixels); } = 178_956_970;

    /// <summary>Most bytes of an encoded picture, from 1 to 2,147,483,591.</summary>
    /// <value>1 GiB: more than an uncompressed file of the largest allowed picture has.</value>
    public long MaxBytes { get; init => field = Guard.InRange(value, 1, Array.MaxLength); } = 1L << 30;

    /// <summary>
    /// Turns and mirrors a picture as its EXIF orientation says (in JPEG, PNG, WebP and TIFF), so that boxes are those that people see.
    /// </summary>
    /// <value>true, as in <c>datasets</c>' Image and transformers' <c>load_image</c>. false takes pixels as they are stored.</value>
    public bool ApplyOrientation { get; init; } = true;

    /// <summary>The limits and the orientation that hold where nothing else is said.</summary>
    internal static PictureOptions Default { get; } = new();
}
