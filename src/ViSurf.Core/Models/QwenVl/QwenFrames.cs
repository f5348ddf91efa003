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
/// In which frame the answers about a picture are. Labels get there by <c>rows.Select(encoder.InModelFrame)</c>; one that is elsewhere is
/// refused where it would be taught or compared with an answer, because a policy cannot see in which frame it was meant. Where the frames
/// are the same, as for ViSurf's pictures (840 × 840, a size that Qwen2.5-VL's resizing leaves alone), nothing needs to be done.
/// </summary>
public static class QwenFrames
{
    /// <summary>The frame of the answers about a picture.</summary>
    /// <param name="encoder">Of the checkpoint: its family and its limits on pixels decide.</param>
    /// <param name="picture">Size of the picture as it is decoded.</param>
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
    /// <see cref="PromptTemplate.Grounding(string)"/> with the unit that the family writes coordinates in:
    /// <c>new RowOptions { Prompt = encoder.GroundingPrompt }</c>.
    /// </summary>
    /// <param name="encoder">Of the checkpoint.</param>
    /// <param name="question">What to find.</param>
    public static string GroundingPrompt(this QwenPromptEncoder encoder, string question)
        => PromptTemplate.Grounding(question, Guard.NotNull(encoder).Coordinates switch
    {
        CoordinateFrame.Thousandths => "as whole numbers from 0 to 1000 along each side of the picture",
        _ => "in pixels of the picture as you see it",
    });

    /// <summary><see cref="QwenPromptEncoder.InModelFrame"/>.</summary>
    internal static VisionExample Bring(QwenPromptEncoder encoder, VisionExample example)
    {
        if (Guard.NotNull(example).Images.Count == 0 || encoder.ImageProcessor is null) return example;
        try
        {
            var picture = example.PictureSize ?? OneSize(encoder, example);
            return example.InFrame(picture, encoder.Frame(picture));
        }
        catch (Exception e) when (e is ArgumentException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{example.Place ?? "Example"} (id '{example.Id}'): {e.Message}", e);
        }
    }

    private static FrameSize OneSize(QwenPromptEncoder encoder, VisionExample example)
    {
        var sizes = example.Images.Select(encoder.SizeOf).ToArray();
        if (sizes.All(size => size == sizes[0]) || example.Target?.HasCoordinates() != true) return sizes[0];
        // A label that is in the frame of one of the pictures belongs to that one.
        foreach (var size in sizes)
            if (example.LabelFrame == encoder.Frame(size)) return size;
        throw new InvalidDataException(
            $"expected pictures of one size, got {string.Join(", ", sizes)}: "
                + $"which of them the label's coordinates belong to is not known. "
                + $"Bring the label into the model's frame yourself (VisionExample.InFrame).");
    }
}
