using ViSurf.Core.Data;

namespace ViSurf.Core.Encoding;

/// <summary>Whether labels are in the frame of the model: asked wherever one is taught or compared with an answer.</summary>
internal static class ModelFrame
{
    private static readonly LabelFormat AnyFormat = new();

    /// <summary>Refuses a label that is in another frame.</summary>
    /// <exception cref="InvalidDataException">It is, or its frame cannot be found out; names the example and says what to do.</exception>
    public static void Ensure(IPromptEncoder encoder, VisionExample example)
    {
        if (Problem(encoder, example) is { } problem)
            throw new InvalidDataException($"{example.Place ?? "Example"} (id '{example.Id}'): {problem}");
    }

    /// <summary>
    /// How the label's frame differs from the model's, or null where it does not, where the encoder does not say, and where there are no
    /// coordinates.
    /// </summary>
    /// <exception cref="InvalidDataException">Its frame cannot be found out; names the example.</exception>
    public static string? Problem(IPromptEncoder encoder, VisionExample example)
    {
        if (example.Target is not { } target || !target.HasCoordinates()) return null;
        var framed = encoder.InModelFrame(example);
        if (ReferenceEquals(framed.Target, target) || framed.Target?.Serialize(AnyFormat) == target.Serialize(AnyFormat)) return null;
        return $"its label is in {Said(example, framed)}, and the model writes coordinates {Model(framed.LabelFrame)}: "
            + $"taught or judged as it is, every one would be wrong. "
            + "Bring labels there with rows.Select(encoder.InModelFrame), or say that they are there already "
            + $"({nameof(RowOptions)}.{nameof(RowOptions.LabelFrame)} = {nameof(FrameSize)}.{nameof(FrameSize.OfModel)})";
    }

    private static string Said(VisionExample example, VisionExample framed)
        => example.LabelFrame is { } frame ? $"a frame of {frame}"
            : $"pixels of the picture in its own size{(framed.PictureSize is { } size ? $" ({size})" : "")}";

    private static string Model(FrameSize? frame) => frame switch
    {
        null => "in another frame",
        { } size when size == FrameSize.Thousandths => "from 0 to 1000",
        { } size => $"in pixels of the picture as it sees it ({size})",
    };
}
