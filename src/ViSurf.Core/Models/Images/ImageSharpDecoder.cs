using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Pictures;

namespace ViSurf.Core.Models.Images;

/// <summary>
/// PNG, JPEG, WebP, GIF, BMP and TIFF by SixLabors.ImageSharp 2.1: no native code. Bit-equal to Pillow except for JPEG, whose colours
/// differ by up to 123 of 255 levels where they are stored at half the resolution, as in most photographs (docs/decisions.md).
/// </summary>
/// <param name="options">Limits and orientation; null for the defaults.</param>
public sealed class ImageSharpDecoder(PictureOptions? options = null) : IImageDecoder
{
    private readonly PictureOptions _options = options ?? PictureOptions.Default;

    /// <inheritdoc/>
    public RgbImage Decode(ImageSource source) => RgbImage.Of(PictureReader.Pixels(Guard.NotNull(source), _options, ImageSharpPixels.Read));

    /// <inheritdoc/>
    public FrameSize SizeOf(ImageSource source) => PictureReader.Size(Guard.NotNull(source), _options);
}
