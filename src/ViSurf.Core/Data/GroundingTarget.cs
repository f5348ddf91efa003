using System.Text;
using System.Text.Json;

namespace ViSurf.Core.Data;

/// <summary>The objects a question asks for; an empty list means that nothing in the picture fits.</summary>
/// <param name="Objects">Zero or more boxes with a point inside each.</param>
public sealed record GroundingTarget(IReadOnlyList<GroundedObject> Objects) : Target
{
    /// <summary>The JSON list <c>[{"bbox_2d": [x1, y1, x2, y2], "point_2d": [x, y]}, …]</c>, the form of VisionReasoner and ViSurf.</summary>
    public override string Serialize(LabelFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        var (item, key) = (format.ItemSeparator, format.KeySeparator);
        var text = new StringBuilder("[");
        for (var i = 0; i < Objects.Count; i++)
        {
            var (b, p) = (Objects[i].Box, Objects[i].Point);
            if (i > 0) text.Append(item);
            text.Append("{\"bbox_2d\"").Append(key)
                .Append('[').AppendJoin(item, new[] { b.X1, b.Y1, b.X2, b.Y2 }.Select(JsonText.Number)).Append(']').Append(item)
                .Append("\"point_2d\"").Append(key)
                .Append('[').AppendJoin(item, new[] { p.X, p.Y }.Select(JsonText.Number)).Append("]}");
        }
        return text.Append(']').ToString();
    }

    /// <inheritdoc/>
    public override Target Rescale(FrameScale scale)
        => Objects.Count == 0 ? this
            : new GroundingTarget(Objects.Select(o => new GroundedObject(scale.Apply(o.Box), scale.Apply(o.Point))).ToArray());

    /// <summary>Reads the JSON list form that <see cref="Serialize"/> writes, as found in VisionReasoner's <c>solution</c> column.</summary>
    /// <exception cref="FormatException">The text is not such a list; the message says what is wrong with which element.</exception>
    public static GroundingTarget Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        JsonElement list;
        try
        {
            list = RowText.Parse(json);
        }
        catch (FormatException e)
        {
            throw new FormatException($"Expected a JSON list of objects with bbox_2d and point_2d, got {e.Message}.", e);
        }
        return list.ValueKind == JsonValueKind.Array
            ? new GroundingTarget(list.EnumerateArray().Select(ReadObject).ToArray())
            : throw new FormatException($"Expected a JSON list of objects with bbox_2d and point_2d, got {RowText.Kind(list)}.");
    }

    private static GroundedObject ReadObject(JsonElement element, int index)
    {
        var box = Numbers(element, index, "bbox_2d", 4);
        var point = Numbers(element, index, "point_2d", 2);
        return new GroundedObject(new Box(box[0], box[1], box[2], box[3]), new PixelPoint(point[0], point[1]));
    }

    private static double[] Numbers(JsonElement element, int index, string key, int count)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(key, out var list)
            || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() != count
            || list.EnumerateArray().Any(n => n.ValueKind != JsonValueKind.Number))
            throw new FormatException($"Expected object {index} to have \"{key}\" with {count} numbers, got {RowText.Quote(element)}.");
        return list.EnumerateArray().Select(n => n.GetDouble()).ToArray();
    }
}
