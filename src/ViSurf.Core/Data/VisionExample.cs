using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>One training or evaluation row: pictures, the conversation up to the answer, and (when known) the label.</summary>
/// <param name="Id">Unique in its data set; quoted by every error and part of the address of its random numbers.</param>
/// <param name="Images">Pictures in the order in which the turns mention them.</param>
/// <param name="Turns">The conversation that the policy answers.</param>
/// <param name="Target">The ground truth, or null when there is none (then no label joins the group).</param>
public sealed record VisionExample(string Id, IReadOnlyList<ImageSource> Images, IReadOnlyList<ChatTurn> Turns, Target? Target)
{
    /// <summary>One question about the given pictures, pictures first, as the Qwen-VL examples write it.</summary>
    public static VisionExample Ask(string id, string question, Target? target, params ImageSource[] images)
    {
        Guard.NotNull(images);
        var parts = images.Select(_ => ChatPart.Image).Append(ChatPart.OfText(question)).ToArray();
        return new VisionExample(Guard.NotBlank(id), images, [ChatTurn.User(parts)], target);
    }
}
