using SkiaSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Models.Images;

/// <summary>A picture's size from its header: pixels are not decoded.</summary>
public static class PictureSize
{
    /// <summary>Width and height as <see cref="SkiaImageDecoder"/> decodes it; an orientation in its metadata is not applied.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read; the message names it.</exception>
    /// <exception cref="IOException">Reading it failed.</exception>
    /// <exception cref="InvalidDataException">Not a picture; the message names it.</exception>
    public static FrameSize Of(ImageSource source)
    {
        Guard.NotNull(source);
        using var stream = source.Path is { } path && File.Exists(path) ? (Stream)File.OpenRead(RegularFile.Ensure(path)) : new MemoryStream(source.ReadAllBytes().ToArray(), false);
        using var codec = SKCodec.Create(stream, out var opened);
        return codec is null
            ? throw new InvalidDataException($"Expected a PNG, JPEG, WebP, GIF or BMP picture, got one whose header cannot be read ({opened}): '{source.Name}'. Replace the file or drop the row.")
            : new FrameSize(codec.Info.Width, codec.Info.Height);
    }
}
