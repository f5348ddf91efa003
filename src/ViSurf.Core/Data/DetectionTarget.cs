using System.Text;

namespace ViSurf.Core.Data;

/// <summary>The keys of one object in a JSON list of detections; a key that is null is neither written nor read.</summary>
/// <param name="BoxKey">Of the list <c>[x1, y1, x2, y2]</c>.</param>
/// <param name="LabelKey">Of the class name.</param>
/// <param name="ConfidenceKey">Of a number in [0, 1]; a label is written with 1.</param>
public sealed record DetectionForm(string BoxKey, string? LabelKey, string? ConfidenceKey)
{
    /// <summary><c>{"bbox_2d": […], "label": "cat"}</c>, as Qwen2.5-VL and VLM-R1 write.</summary>
    public static DetectionForm Qwen { get; } = new("bbox_2d", "label", null);

    /// <summary><c>{"Position": […], "Confidence": 1}</c>, as Visual-RFT asks: one class per question, so no label.</summary>
    public static DetectionForm VisualRft { get; } = new("Position", null, "Confidence");
}

/// <summary>A box with its class.</summary>
/// <param name="Box">In pixels of the picture the policy sees.</param>
/// <param name="Label">The class name; null where a question asks for one class.</param>
public sealed record LabelledBox(Box Box, string? Label = null);

/// <summary>All objects of the asked classes in a picture; an empty list means that there are none.</summary>
/// <param name="Objects">Zero or more boxes.</param>
public sealed record DetectionTarget(IReadOnlyList<LabelledBox> Objects) : Target
{
    /// <summary>How the policy writes its detections; rewards read completions by it.</summary>
    /// <value><see cref="DetectionForm.Qwen"/>.</value>
    public DetectionForm Form { get; init; } = DetectionForm.Qwen;

    /// <inheritdoc/>
    public override Target Rescale(FrameScale scale)
        => Objects.Count == 0 ? this : this with { Objects = Objects.Select(o => o with { Box = scale.Apply(o.Box) }).ToArray() };

    /// <summary>A JSON list in <see cref="Form"/>.</summary>
    public override string Serialize(LabelFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        var text = new StringBuilder("[");
        foreach (var (box, label) in Objects)
        {
            if (text.Length > 1) text.Append(format.ItemSeparator);
            text.Append('{').Append(JsonText.Quote(Form.BoxKey)).Append(format.KeySeparator)
                .Append('[').AppendJoin(format.ItemSeparator, new[] { box.X1, box.Y1, box.X2, box.Y2 }.Select(JsonText.Number)).Append(']');
            if (Form.LabelKey is { } key && label is not null) Member(key, JsonText.Quote(label));
            if (Form.ConfidenceKey is { } confidence) Member(confidence, "1.0");
            text.Append('}');
        }
        return text.Append(']').ToString();

        void Member(string key, string value)
            => text.Append(format.ItemSeparator).Append(JsonText.Quote(key)).Append(format.KeySeparator).Append(value);
    }
}
