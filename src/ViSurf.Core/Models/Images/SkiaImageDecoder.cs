using SkiaSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Models.Images;

/// <summary>PNG, JPEG, WebP, GIF and BMP by Skia. Bit-equal to the reference's decoder on the golden pictures.</summary>
public sealed class SkiaImageDecoder : IImageDecoder
{
    /// <inheritdoc/>
    public RgbImage Decode(ImageSource source)
    {
        using var data = SKData.CreateCopy(Guard.NotNull(source).ReadAllBytes().Span);
        using var stream = new SKMemoryStream(data);
        using var codec = SKCodec.Create(stream, out var opened);
        if (codec is null) throw Broken(source, opened);
        // Unpremultiplied, so that dropping alpha leaves the stored colours; no colour space, so that they are not converted.
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888,
            codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul, null);
        var rgba = new byte[info.BytesSize];
        SKCodecResult result;
        unsafe
        {
            fixed (byte* memory = rgba) result = codec.GetPixels(info, (nint)memory);
        }
        if (result != SKCodecResult.Success) throw Broken(source, result);
        var rgb = new byte[3 * info.Width * info.Height];
        for (int from = 0, to = 0; from < rgba.Length; from += 4, to += 3)
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (rgba[from], rgba[from + 1], rgba[from + 2]);
        return new RgbImage(info.Width, info.Height, rgb);
    }

    private static InvalidDataException Broken(ImageSource source, SKCodecResult result)
        => new($"Expected a complete PNG, JPEG, WebP, GIF or BMP picture, got one that cannot be decoded ({result}): '{source.Name}'. Replace the file or drop the row.");
}
