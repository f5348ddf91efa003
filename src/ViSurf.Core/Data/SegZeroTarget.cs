namespace ViSurf.Core.Data;

/// <summary>Seg-Zero's label: one object as a box and two points inside it.</summary>
/// <param name="Box">The bounding box.</param>
/// <param name="First">Centre of the largest circle inside the object.</param>
/// <param name="Second">Centre of the next one.</param>
public sealed record SegZeroTarget(Box Box, PixelPoint First, PixelPoint Second) : Target
{
    /// <inheritdoc/>
    public override Target Rescale(FrameScale scale) => new SegZeroTarget(scale.Apply(Box), scale.Apply(First), scale.Apply(Second));

    /// <summary><c>{"bbox": [x1, y1, x2, y2], "points_1": [x, y], "points_2": [x, y]}</c>.</summary>
    public override string Serialize(LabelFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        var (item, key) = (format.ItemSeparator, format.KeySeparator);
        return $"{{\"bbox\"{key}{List(Box.X1, Box.Y1, Box.X2, Box.Y2)}{item}"
               + $"\"points_1\"{key}{List(First.X, First.Y)}{item}\"points_2\"{key}{List(Second.X, Second.Y)}}}";

        string List(params double[] numbers)
            => "[" + string.Join(item, numbers.Select(JsonText.Number)) + "]";
    }
}
