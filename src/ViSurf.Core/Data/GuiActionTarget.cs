namespace ViSurf.Core.Data;

/// <summary>One step on a screen, as GUI-R1 asks for it.</summary>
/// <param name="Action">"click", "type", "scroll", "select", "press_back", … in lower case.</param>
/// <param name="Point">Where, as a point; null with <paramref name="Area"/> or for an action without a place.</param>
/// <param name="Area">Where, as the box of the control; its centre is written as the label.</param>
/// <param name="Text">What is typed or selected, or the direction of a scroll; null writes "no input text".</param>
public sealed record GuiActionTarget(string Action, PixelPoint? Point = null, Box? Area = null, string? Text = null) : Target
{
    /// <summary>What GUI-R1 writes where an action has no text.</summary>
    public const string NoText = "no input text";

    /// <inheritdoc/>
    public override Target Rescale(FrameScale scale)
        => Point is null && Area is null ? this
            : this with { Point = Point is { } point ? scale.Apply(point) : null, Area = Area is { } area ? scale.Apply(area) : null };

    /// <summary><c>[{"action": "click", "point": [x, y], "input_text": "no input text"}]</c>; an action without a place has the point [-100, -100].</summary>
    public override string Serialize(LabelFormat format)
    {
        ArgumentNullException.ThrowIfNull(format);
        var (item, key) = (format.ItemSeparator, format.KeySeparator);
        var place = Point ?? (Area is { } a ? new PixelPoint((a.X1 + a.X2) / 2, (a.Y1 + a.Y2) / 2) : new PixelPoint(-100, -100));
        // The form asks for whole pixels.
        var (x, y) = (JsonText.Number(Math.Round(place.X)), JsonText.Number(Math.Round(place.Y)));
        return $$"""[{"action"{{key}}{{JsonText.Quote(Action)}}{{item}}"point"{{key}}[{{x}}{{item}}{{y}}]{{item}}"input_text"{{key}}{{JsonText.Quote(Text ?? NoText)}}}]""";
    }
}
