using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>A column's value to a label. Lists and objects may also come as JSON text, as VisionReasoner's <c>solution</c> does.</summary>
/// <remarks>All throw <see cref="FormatException"/> with what was expected; the row adds file, line and column.</remarks>
public static class LabelReaders
{
    /// <summary>A list of <c>{"bbox_2d": [x1, y1, x2, y2], "point_2d": [x, y]}</c>; an empty one says that nothing fits.</summary>
    public static Target Grounding(JsonElement value)
    {
        GroundingTarget target;
        try
        {
            target = GroundingTarget.Parse(value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText());
        }
        catch (FormatException e)
        {
            throw new FormatException($"{e.Message} A label in words goes under \"answer\".", e);
        }
        for (var i = 0; i < target.Objects.Count; i++)
        {
            Check(target.Objects[i].Box, $"object {i}");
            Check(target.Objects[i].Point, $"object {i}");
        }
        return target;
    }

    /// <summary>A text, or a number as it is written.</summary>
    public static Target Text(JsonElement value)
        => Scalar(value) is { } text && !string.IsNullOrWhiteSpace(text)
            ? new TextTarget(text)
            : throw new FormatException($"Expected a text or a number, got {RowText.Kind(value)}.");

    /// <summary>A list of texts or numbers that are all right, or one of them.</summary>
    public static Target Answers(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array) return new AnswersTarget([((TextTarget)Text(value)).Text]);
        var accepted = value.EnumerateArray().Select(answer => ((TextTarget)Text(answer)).Text).ToArray();
        return accepted.Length > 0 ? new AnswersTarget(accepted) : throw new FormatException("Expected at least one accepted answer, got an empty list.");
    }

    /// <summary>A list of boxes with class names, under the keys of <paramref name="form"/>; an empty one says that there are none.</summary>
    public static Func<JsonElement, Target> Detection(DetectionForm form)
    {
        Guard.NotNull(form);
        return value => new DetectionTarget(Elements(value, "a JSON list of objects").Select((item, i) =>
        {
            var box = BoxOf(item, form.BoxKey, $"object {i}");
            return new LabelledBox(box, form.LabelKey is { } key ? OptionalText(item, key, $"object {i}") : null);
        }).ToArray())
        { Form = form };
    }

    /// <summary><c>{"action": "click", "point": [x, y]}</c>, with <c>"bbox": [x1, y1, x2, y2]</c> in place of the point, and <c>"input_text"</c>; or a list of one.</summary>
    public static Target GuiAction(JsonElement value)
    {
        var json = Json(value);
        if (json is { ValueKind: JsonValueKind.Array } && json.GetArrayLength() == 1) json = json[0];
        if (Member(json, "action") is not { ValueKind: JsonValueKind.String } action || string.IsNullOrWhiteSpace(action.GetString()))
            throw new FormatException($"Expected an object with an \"action\" in words, got {RowText.Kind(json)}.");
        var text = OptionalText(json, "input_text", "the action") is { } typed && typed != GuiActionTarget.NoText ? typed : null;
        // GUI-R1 writes [-100, -100] where an action has no place.
        PixelPoint? point = Member(json, "point") is { } && Numbers(json, "point", 2, "the action") is var p && (p[0] != -100 || p[1] != -100)
            ? Check(new PixelPoint(p[0], p[1]), "the action") : null;
        Box? area = Member(json, "bbox") is { } ? BoxOf(json, "bbox", "the action") : null;
        return new GuiActionTarget(action.GetString()!.ToLowerInvariant(), point, area, text);
    }

    /// <summary><c>{"bbox": [x1, y1, x2, y2], "points_1": [x, y], "points_2": [x, y]}</c>.</summary>
    public static Target SegZero(JsonElement value)
    {
        var json = Json(value);
        return new SegZeroTarget(BoxOf(json, "bbox", "the label"), PointOf(json, "points_1"), PointOf(json, "points_2"));
    }

    /// <summary>COCO's <c>{"size": [height, width], "counts": …}</c>, with counts as compressed text or as a list.</summary>
    public static Target Mask(JsonElement value)
    {
        var json = Json(value);
        var size = Numbers(json, "size", 2, "the mask");
        IReadOnlyList<long>? counts = Member(json, "counts") switch
        {
            { ValueKind: JsonValueKind.String } text => RunLengthMask.Decompress(text.GetString()),
            { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(n => n.ValueKind == JsonValueKind.Number && n.TryGetInt64(out _))
                => list.EnumerateArray().Select(n => n.GetInt64()).ToArray(),
            _ => null,
        };
        if (counts is null || size.Any(side => side != Math.Floor(side) || side is < 1 or > int.MaxValue))
            throw new FormatException($"Expected COCO's run lengths {{\"size\": [height, width], \"counts\": …}}, "
                + $"got {RowText.Quote(json)}.");
        if (RunLengthMask.TooLarge(size[0], size[1]) is { } tooLarge) throw new FormatException(tooLarge);
        try
        {
            return new MaskTarget(new RunLengthMask((int)size[0], (int)size[1], counts));
        }
        catch (InvalidDataException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>A text or a number as text; null for anything else.</summary>
    internal static string? Scalar(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.GetRawText(),
        _ => null,
    };

    private static JsonElement Json(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) return value;
        try
        {
            return RowText.Parse(value.GetString()!);
        }
        catch (FormatException e)
        {
            throw new FormatException($"Expected JSON, got {RowText.Kind(value)}: {e.Message}.", e);
        }
    }

    private static JsonElement.ArrayEnumerator Elements(JsonElement value, string expected)
        => Json(value) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray()
            : throw new FormatException($"Expected {expected}, got {RowText.Kind(value)}.");

    private static JsonElement? Member(JsonElement json, string key)
        => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;

    /// <summary>A text, or a number as it is written (class names may be category ids); null where there is none.</summary>
    private static string? OptionalText(JsonElement json, string key, string what)
        => Member(json, key) is not { } value ? null
            : Scalar(value) ?? throw new FormatException($"Expected \"{key}\" of {what} to be a text or a number, "
                + $"got {RowText.Kind(value)}.");

    private static double[] Numbers(JsonElement json, string key, int count, string what)
        => Member(json, key) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == count
           && list.EnumerateArray().All(n => n.ValueKind == JsonValueKind.Number)
            ? list.EnumerateArray().Select(n => n.GetDouble()).ToArray()
            : throw new FormatException($"Expected {what} to have \"{key}\" with {count} numbers, got {RowText.Quote(json)}.");

    private static Box BoxOf(JsonElement json, string key, string what)
    {
        var n = Numbers(json, key, 4, what);
        return Check(new Box(n[0], n[1], n[2], n[3]), what);
    }

    private static PixelPoint PointOf(JsonElement json, string key)
    {
        var n = Numbers(json, key, 2, "the label");
        return Check(new PixelPoint(n[0], n[1]), "the label");
    }

    private static Box Check(Box box, string what)
    {
        if (Array.Exists([box.X1, box.Y1, box.X2, box.Y2], n => !double.IsFinite(n) || n < 0))
            throw new FormatException($"Expected coordinates from 0 up in {what}, got {box}. They are pixels of the picture.");
        return box.X2 < box.X1 || box.Y2 < box.Y1
            ? throw new FormatException($"Expected x1 <= x2 and y1 <= y2 in {what}, got {box}. The box is reversed, or its last two numbers are a width and a height.")
            : box;
    }

    private static PixelPoint Check(PixelPoint point, string what)
        => double.IsFinite(point.X) && double.IsFinite(point.Y) && point is { X: >= 0, Y: >= 0 }
            ? point
            : throw new FormatException($"Expected coordinates from 0 up in {what}, got {point}. They are pixels of the picture.");
}
