namespace ViSurf.Core.Data.Pictures;

/// <summary>
/// The one way to a picture's size and pixels: file, header, limits, decoder, orientation; whatever is wrong, one message that names the
/// picture.
/// </summary>
internal static class PictureReader
{
    /// <summary>Size as it will be decoded; reads the header only.</summary>
    /// <exception cref="InvalidDataException">Not a picture that is read; names it.</exception>
    public static FrameSize Size(ImageSource source, PictureOptions options) => Named(source, () =>
    {
        using var bytes = PictureBytes.Open(source, options.MaxBytes);
        return PictureHeader.Read(bytes).Size(options);
    });

    /// <summary>Whether its metadata say that it is to be turned or mirrored; not so of what cannot be read.</summary>
    public static bool IsTurned(ImageSource source)
    {
        try
        {
            using var bytes = PictureBytes.Open(source, PictureOptions.Default.MaxBytes);
            return PictureHeader.Read(bytes).Orientation != 1;
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Pixels.</summary>
    /// <exception cref="InvalidDataException">Not a picture that is read, or a broken one; names it.</exception>
    public static Raster Pixels(ImageSource source, PictureOptions options, PixelCodec codec) => Named(source, () =>
    {
        using var bytes = PictureBytes.Open(source, options.MaxBytes);
        var header = PictureHeader.Read(bytes);
        header.Size(options);
        var file = bytes.All();
        var raster = new Raster((int)header.Width, (int)header.Height, codec(file, header));
        return options.ApplyOrientation ? Orientation.Upright(raster, header.Orientation) : raster;
    });

    private static T Named<T>(ImageSource source, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException e)
        {
            throw new InvalidDataException(
                $"Expected a complete PNG, JPEG, WebP, GIF, BMP or TIFF picture, got {e.Message}: '{source.Name}'. "
                    + $"Replace the file or drop the row.", e);
        }
    }
}
