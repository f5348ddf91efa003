using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Pictures;

namespace ViSurf.Core.Models.Images;

/// <summary>PNG, JPEG, WebP, GIF and BMP by Skia. Bit-equal to Pillow, 16-bit grey PNG and 16-bit BMP aside (docs/decisions.md).</summary>
/// <param name="options">Limits and orientation; null for the defaults.</param>
public sealed class SkiaImageDecoder(PictureOptions? options = null) : IImageDecoder
{
    private readonly PictureOptions _options = options ?? PictureOptions.Default;

    /// <inheritdoc/>
    public RgbImage Decode(ImageSource source) => RgbImage.Of(PictureReader.Pixels(Guard.NotNull(source), _options, SkiaPixels.Read));

    /// <inheritdoc/>
    public FrameSize SizeOf(ImageSource source) => PictureReader.Size(Guard.NotNull(source), _options);
}
