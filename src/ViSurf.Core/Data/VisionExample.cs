using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>One training or evaluation row: pictures, the conversation up to the answer, and (when known) the label.</summary>
/// <param name="Id">Unique in its data set; quoted by every error and part of the address of its random numbers.</param>
/// <param name="Images">Pictures in the order in which the turns mention them.</param>
/// <param name="Turns">The conversation that the policy answers.</param>
/// <param name="Target">The ground truth, or null when there is none (then no label joins the group).</param>
public sealed record VisionExample(string Id, IReadOnlyList<ImageSource> Images, IReadOnlyList<ChatTurn> Turns, Target? Target)
{
    /// <summary>The data set that the example comes from: metrics can be told apart by it.</summary>
    /// <value>null: not said.</value>
    public string? Source { get; init; }

    /// <summary>Where it was read, as messages write it: <c>rows.jsonl:12</c>.</summary>
    /// <value>null: made by hand.</value>
    public string? Place { get; init; }

    /// <summary>
    /// The frame that the coordinates of <see cref="Target"/> refer to; what is trained on must be in the model's
    /// (<c>encoder.InModelFrame</c>).
    /// </summary>
    /// <value>
    /// null: pixels of the picture in its own size, upright where its EXIF orientation is applied. <see cref="FrameSize.OfModel"/>: the
    /// model's.
    /// </value>
    public FrameSize? LabelFrame { get; init; }

    /// <summary>Size of the (first) picture as it is decoded, in pixels; set by <see cref="ExampleFrames.InFrame"/>.</summary>
    /// <value>null: nobody has looked.</value>
    public FrameSize? PictureSize { get; init; }

    /// <summary>How its label is written: for a mix of data sets whose answers have different forms.</summary>
    /// <value>null: as the run says.</value>
    public LabelFormat? LabelFormat { get; init; }

    /// <summary>Its number among the rows of its source, where that is its id; null where rows have ids of their own.</summary>
    internal long? RowNumber { get; init; }

    /// <summary>
    /// One question about the given pictures, pictures first, as the Qwen-VL examples write it; the question is text, whatever it says.
    /// </summary>
    public static VisionExample Ask(string id, string question, Target? target, params ImageSource[] images)
    {
        Guard.NotNull(images);
        var parts = images.Select(_ => ChatPart.Image).Append(ChatPart.OfText(question)).ToArray();
        return new VisionExample(Guard.NotBlank(id), images, [ChatTurn.User(parts)], target);
    }
}
