using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Pictures;

namespace ViSurf.Core.Models.Images;

/// <summary>A decoded picture: 8-bit red, green, blue, row by row.</summary>
public sealed class RgbImage
{
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    /// <param name="pixels">width × height × 3 bytes; not copied.</param>
    /// <exception cref="ArgumentException">The number of bytes does not fit the size.</exception>
    public RgbImage(int width, int height, byte[] pixels)
    {
        Width = Guard.Positive(width);
        Height = Guard.Positive(height);
        Pixels = Guard.NotNull(pixels);
        if (pixels.LongLength != 3L * width * height)
            throw new ArgumentException($"Expected {3L * width * height} bytes for {width} × {height} RGB pixels, got {pixels.LongLength}.", nameof(pixels));
    }

    /// <summary>Pixels per row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Red, green, blue of each pixel, row by row.</summary>
    public byte[] Pixels { get; }

    internal static RgbImage Of(Raster raster) => new(raster.Width, raster.Height, raster.Rgb);
}

/// <summary>Encoded bytes to pixels. Thread-safe.</summary>
public interface IImageDecoder
{
    /// <summary>Decodes the first frame; an alpha channel is dropped, not blended, as the reference's <c>convert("RGB")</c> does.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">
    /// Not a picture, a broken one, or one above the limits of <see cref="PictureOptions"/>; the message names it.
    /// </exception>
    RgbImage Decode(ImageSource source);

    /// <summary>The size of what <see cref="Decode"/> returns. A decoder that can tell it from the header does; this one decodes.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">As <see cref="Decode"/>.</exception>
    FrameSize SizeOf(ImageSource source)
    {
        var image = Decode(source);
        return new FrameSize(image.Width, image.Height);
    }
}
