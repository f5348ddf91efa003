using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Pictures;

namespace ViSurf.Core.Models.Images;

/// <summary>A picture's size from its header: pixels are not decoded, and no native code sees the file.</summary>
public static class PictureSize
{
    /// <summary>Width and height as the decoders give it, turned as the picture's EXIF orientation says.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read; the message names it.</exception>
    /// <exception cref="IOException">Reading it failed.</exception>
    /// <exception cref="InvalidDataException">
    /// Not a picture, cut off, or larger than the limits of <see cref="PictureOptions"/>; the message names it.
    /// </exception>
    public static FrameSize Of(ImageSource source) => Of(source, PictureOptions.Default);

    /// <summary>Width and height as a decoder with the same options gives it.</summary>
    /// <inheritdoc cref="Of(ImageSource)"/>
    public static FrameSize Of(ImageSource source, PictureOptions options)
        => PictureReader.Size(Guard.NotNull(source), Guard.NotNull(options));
}
