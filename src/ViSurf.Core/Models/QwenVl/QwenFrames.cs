using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>In which frame a family reads and writes coordinates.</summary>
public enum CoordinateFrame
{
    /// <summary>Pixels of the picture after it was resized for the model: Qwen2.5-VL.</summary>
    InputPixels,

    /// <summary>0 to 1000 along each side, whatever the picture's size: Qwen2-VL and Qwen3-VL.</summary>
    Thousandths,
}

/// <summary>
/// Labels in the frame of the model: <c>stream.Select(encoder.InModelFrame)</c> switches it on for a data source. Without it labels are
/// used as the data has them, which is right where they were prepared for the model (ViSurf's pictures are 840 × 840, a size that
/// resizing leaves alone) and wrong elsewhere: a policy cannot see in which frame an answer was meant.
/// </summary>
public static class QwenFrames
{
    /// <summary>The frame of the answers about a picture.</summary>
    /// <param name="encoder">Of the checkpoint: its family and its limits on pixels decide.</param>
    /// <param name="picture">Size of the picture as it is stored.</param>
    /// <exception cref="InvalidOperationException">The family reads no pictures.</exception>
    /// <exception cref="ArgumentException">One side is more than 200 times the other.</exception>
    public static FrameSize Frame(this QwenPromptEncoder encoder, FrameSize picture)
    {
        var config = Guard.NotNull(encoder).ImageProcessor?.Config
            ?? throw new InvalidOperationException("Expected the encoder of a family that reads pictures, got one of a text-only family.");
        if (encoder.Coordinates == CoordinateFrame.Thousandths) return new FrameSize(1000, 1000);
        var (height, width) = SmartResize.Of(picture.Height, picture.Width, config.Factor, config.MinPixels, config.MaxPixels);
        return new FrameSize(width, height);
    }

    /// <summary>
    /// The example with its label in the model's frame and with the size of its picture, so that <see cref="ExampleFrames.ToPicture"/> takes
    /// predictions back. Reads headers only. Examples without pictures stay as they are.
    /// </summary>
    /// <exception cref="InvalidDataException">A picture cannot be read (it is missing, broken, or not for this user), or several pictures have different sizes and the label has coordinates; names the example.</exception>
    public static VisionExample InModelFrame(this QwenPromptEncoder encoder, VisionExample example)
    {
        Guard.NotNull(encoder);
        if (Guard.NotNull(example).Images.Count == 0) return example;
        try
        {
            var sizes = example.Images.Select(PictureSize.Of).ToArray();
            if (sizes.Any(size => size != sizes[0]) && example.Target is { } target && HasCoordinates(target))
                throw new InvalidDataException(
                    $"expected pictures of one size, got {string.Join(", ", sizes)}: which of them the label's coordinates belong to is not known. Bring the label into the model's frame yourself (VisionExample.InFrame).");
            return example.InFrame(sizes[0], encoder.Frame(sizes[0]));
        }
        catch (Exception e) when (e is ArgumentException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{example.Place ?? "Example"} (id '{example.Id}'): {e.Message}", e);
        }
    }

    // A kind without coordinates is its own image under any scale.
    private static bool HasCoordinates(Target target) => !ReferenceEquals(target.Rescale(new FrameScale(1, 1, false)), target);
}
