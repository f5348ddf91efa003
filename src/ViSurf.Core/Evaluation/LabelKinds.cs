using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Data;

namespace ViSurf.Core.Evaluation;

/// <summary>The library's own labels. Numbers survive bit for bit: JSON holds their shortest exact form.</summary>
internal static class LabelKinds
{
    public static LabelKind[] All =>
    [
        Of<TextTarget>("text", t => JsonValue.Create(t.Text), e => new TextTarget(e.AsText("value"))),
        Of<AnswersTarget>("answers", t => new JsonArray([.. t.Accepted.Select(a => JsonValue.Create(a))]), e => new AnswersTarget([.. Items(e).Select(a => a.AsText("value"))])),
        // In the form in which it is trained on.
        Of<GroundingTarget>("grounding", t => JsonNode.Parse(t.Serialize(LabelFormat.Compact))!, e => GroundingTarget.Parse(e.GetRawText())),
        Of<DetectionTarget>("detection", Detection, Detection),
        Of<GuiActionTarget>("gui_action", GuiAction, GuiAction),
        Of<SegZeroTarget>("seg_zero", t => new JsonObject { ["box"] = Write(t.Box), ["first"] = Write(t.First), ["second"] = Write(t.Second) },
            e => new SegZeroTarget(Box(e, "box"), Point(e, "first"), Point(e, "second"))),
        Of<MaskTarget>("mask", t => JsonNode.Parse(t.Serialize(LabelFormat.Compact))!, Mask),
    ];

    private static LabelKind Of<T>(string name, Func<T, JsonNode> write, Func<JsonElement, Target> read)
        where T : Target
        => new(name, target => target is T own ? write(own) : null, read);

    private static JsonObject Detection(DetectionTarget target) => new()
    {
        ["box_key"] = target.Form.BoxKey,
        ["label_key"] = target.Form.LabelKey,
        ["confidence_key"] = target.Form.ConfidenceKey,
        ["objects"] = new JsonArray([.. target.Objects.Select(o => new JsonObject { ["box"] = Write(o.Box), ["label"] = o.Label })]),
    };

    private static DetectionTarget Detection(JsonElement value)
        => new([.. value.List("objects").Select(o => new LabelledBox(Box(o, "box"), o.TextOrNull("label")))])
        {
            Form = new DetectionForm(value.Text("box_key"), value.TextOrNull("label_key"), value.TextOrNull("confidence_key")),
        };

    private static JsonObject GuiAction(GuiActionTarget target) => new()
    {
        ["action"] = target.Action,
        ["point"] = target.Point is { } point ? Write(point) : null,
        ["area"] = target.Area is { } area ? Write(area) : null,
        ["text"] = target.Text,
    };

    private static GuiActionTarget GuiAction(JsonElement value) => new(value.Text("action"),
        value.Member("point").ValueKind == JsonValueKind.Null ? null : Point(value, "point"),
        value.Member("area").ValueKind == JsonValueKind.Null ? null : Box(value, "area"),
        value.TextOrNull("text"));

    private static MaskTarget Mask(JsonElement value)
    {
        var size = value.List("size").ToArray();
        if (size.Length != 2 || size.Any(n => n.ValueKind != JsonValueKind.Number) || !size[0].TryGetInt32(out var height) || !size[1].TryGetInt32(out var width))
            throw new FormatException($"expected \"size\" to be [height, width], got {value.Member("size").Quoted()}.");
        var counts = RunLengthMask.Decompress(value.Text("counts")) ?? throw new FormatException($"expected COCO's compressed run lengths under \"counts\", got {value.Member("counts").Quoted()}.");
        return new MaskTarget(new RunLengthMask(height, width, counts));
    }

    private static JsonElement[] Items(JsonElement list)
        => list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : throw new FormatException($"expected a list, got {list.Quoted()}.");

    private static JsonArray Write(Box box) => new(box.X1, box.Y1, box.X2, box.Y2);

    private static JsonArray Write(PixelPoint point) => new(point.X, point.Y);

    private static Box Box(JsonElement parent, string key)
    {
        var n = parent.Numbers(key, 4);
        return new Box(n[0], n[1], n[2], n[3]);
    }

    private static PixelPoint Point(JsonElement parent, string key)
    {
        var n = parent.Numbers(key, 2);
        return new PixelPoint(n[0], n[1]);
    }
}
