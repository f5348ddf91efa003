using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Pictures;

namespace ViSurf.Core.Models.Images;

/// <summary>The decoders there are: <c>QwenPromptEncoder.Load(directory, ImageDecoder.ImageSharp)</c> chooses one for everything.</summary>
public static class ImageDecoder
{
    /// <summary>The pixels of Pillow: JPEG (and animated WebP and interlaced PNG) by Skia, everything else by ImageSharp.</summary>
    public static IImageDecoder Default { get; } = With(PictureOptions.Default);

    /// <summary>Everything by Skia (libjpeg-turbo, libpng, libwebp); no TIFF.</summary>
    public static IImageDecoder Skia { get; } = new SkiaImageDecoder();

    /// <summary>Everything by ImageSharp, without native code; JPEG is not that of Pillow.</summary>
    public static IImageDecoder ImageSharp { get; } = new ImageSharpDecoder();

    /// <summary><see cref="Default"/> with other limits, or with pixels as they are stored.</summary>
    public static IImageDecoder With(PictureOptions options) => new EitherDecoder(Guard.NotNull(options));

    private sealed class EitherDecoder(PictureOptions options) : IImageDecoder
    {
        public RgbImage Decode(ImageSource source)
            => RgbImage.Of(PictureReader.Pixels(Guard.NotNull(source), options, PixelCodecs.Default));

        public FrameSize SizeOf(ImageSource source) => PictureReader.Size(Guard.NotNull(source), options);
    }
}
