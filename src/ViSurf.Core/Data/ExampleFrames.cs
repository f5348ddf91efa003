using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>Labels into the frame that a policy reads and writes, and predictions back into the picture.</summary>
public static class ExampleFrames
{
    /// <summary>
    /// The example with its label in the policy's frame. The label is taken to be in <see cref="VisionExample.LabelFrame"/>, or in pixels
    /// of the picture where that is null. Coordinates become whole numbers, halves up; a frame that stays the same, or that is
    /// <see cref="FrameSize.OfModel"/> already, changes nothing.
    /// </summary>
    /// <param name="example">The example.</param>
    /// <param name="picture">Size of its picture as it is decoded.</param>
    /// <param name="policy">The frame of the policy: the size the picture is resized to, or 1000 × 1000.</param>
    /// <exception cref="InvalidDataException">
    /// The coordinates can hardly be of the frame they are said to be of: all lie within one of its pixels, one lies more than a pixel
    /// outside, a box is reversed, or a mask has another size. Their place is lost once they are rounded in the other frame, so this is
    /// said here.
    /// </exception>
    public static VisionExample InFrame(this VisionExample example, FrameSize picture, FrameSize policy)
    {
        // Brought here before: what was rounded may be as small as a pixel.
        if (Guard.NotNull(example).LabelFrame == policy && example.PictureSize == picture) return example;
        var said = example.LabelFrame ?? picture;
        var from = said == FrameSize.OfModel ? policy : said;
        if (LabelGeometry.OfFrame(example.Target, [from], slack: 1).Concat(LabelGeometry.Reversed(example.Target))
            .FirstOrDefault() is { } problem) throw new InvalidDataException(problem);
        var target = from == policy ? example.Target : example.Target?.Rescale(FrameScale.Between(from, policy, wholePixels: true));
        return example with { Target = target, LabelFrame = policy, PictureSize = picture };
    }

    /// <summary>Whether a label has coordinates: a kind without them, or an empty list, is its own image under any scale.</summary>
    internal static bool HasCoordinates(this Target target) => !ReferenceEquals(target.Rescale(new FrameScale(1, 1, false)), target);

    /// <summary>The scale that takes what a policy predicts for this example into pixels of the picture as it is decoded.</summary>
    /// <exception cref="InvalidOperationException">The example was never brought into a policy's frame, so its picture's size is not known.</exception>
    public static FrameScale ToPicture(this VisionExample example)
        => Guard.NotNull(example) is { LabelFrame: { Width: > 0 } frame, PictureSize: { } picture }
            ? FrameScale.Between(frame, picture)
            : throw new InvalidOperationException(
                $"Expected example '{example.Id}' with the size of its picture and the frame of its coordinates, got one without. Call InFrame on it (or InModelFrame of the encoder) when it is read.");
}
