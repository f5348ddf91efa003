using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>Checks of labels that need to know the picture.</summary>
public static class LabelCheck
{
    /// <summary>
    /// Checks that every box and point of a grounding label lies inside the picture, edges included. A label outside usually means
    /// that the boxes belong to another size of the picture. Labels of other kinds pass.
    /// </summary>
    /// <param name="example">The example; without a label it passes.</param>
    /// <param name="width">Of the picture that the coordinates refer to, in pixels.</param>
    /// <param name="height">Of the same picture.</param>
    /// <param name="imageIndex">Which picture of the example that is, for the message.</param>
    /// <exception cref="InvalidDataException">Something lies outside; the message names the example, the box and the picture's size.</exception>
    public static void Inside(VisionExample example, int width, int height, int imageIndex = 0)
    {
        Guard.NotNull(example);
        Guard.Positive(width);
        Guard.Positive(height);
        if (example.Target is not GroundingTarget target) return;
        for (var i = 0; i < target.Objects.Count; i++)
        {
            var (box, point) = (target.Objects[i].Box, target.Objects[i].Point);
            var boxInside = box.X1 >= 0 && box.Y1 >= 0 && box.X1 <= box.X2 && box.Y1 <= box.Y2 && box.X2 <= width && box.Y2 <= height;
            var pointInside = point.X >= 0 && point.Y >= 0 && point.X <= width && point.Y <= height;
            if (boxInside && pointInside) continue;
            var picture = imageIndex < example.Images.Count ? $"'{example.Images[imageIndex].Name}'" : $"{imageIndex}";
            throw new InvalidDataException(
                $"Example '{example.Id}', object {i} of the label: expected {(boxInside ? point : box)} inside picture {picture} of " +
                $"{width} × {height} pixels. Convert the label to pixels of this picture, or fix the row.");
        }
    }
}
