using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>Labels into the frame that a policy reads and writes, and predictions back into the picture.</summary>
public static class ExampleFrames
{
    /// <summary>
    /// The example with its label in the policy's frame. The label is taken to be in <see cref="VisionExample.LabelFrame"/>, or in pixels
    /// of the picture where that is null. Coordinates become whole numbers, halves up; a frame that stays the same changes nothing.
    /// </summary>
    /// <param name="example">The example.</param>
    /// <param name="picture">Size of its picture as it is stored.</param>
    /// <param name="policy">The frame of the policy: the size the picture is resized to, or 1000 × 1000.</param>
    public static VisionExample InFrame(this VisionExample example, FrameSize picture, FrameSize policy)
    {
        var from = Guard.NotNull(example).LabelFrame ?? picture;
        var target = from == policy ? example.Target : example.Target?.Rescale(FrameScale.Between(from, policy, wholePixels: true));
        return example with { Target = target, LabelFrame = policy, PictureSize = picture };
    }

    /// <summary>The scale that takes what a policy predicts for this example into pixels of the picture as it is stored.</summary>
    /// <exception cref="InvalidOperationException">The example was never brought into a policy's frame, so its picture's size is not known.</exception>
    public static FrameScale ToPicture(this VisionExample example)
        => Guard.NotNull(example) is { LabelFrame: { } frame, PictureSize: { } picture }
            ? FrameScale.Between(frame, picture)
            : throw new InvalidOperationException(
                $"Expected example '{example.Id}' with the size of its picture and the frame of its coordinates, got one without. Call InFrame on it (or InModelFrame of the encoder) when it is read.");
}
