using System.Text;
using ViSurf.Core.Data;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>The chat template of Qwen2-VL and Qwen2.5-VL, rendered by hand; it is the same in every published checkpoint.</summary>
internal static class QwenChat
{
    public const string ImagePad = "<|image_pad|>";
    public const string DefaultSystem = "You are a helpful assistant.";
    private const string Image = "<|vision_start|>" + ImagePad + "<|vision_end|>";

    /// <summary>The conversation as text, one placeholder per image, open for the assistant's answer when asked.</summary>
    public static string Render(IReadOnlyList<ChatTurn> turns, bool generationPrompt = true)
    {
        var text = new StringBuilder();
        if (turns.Count == 0 || turns[0].Role != "system") Turn(text, "system", DefaultSystem);
        foreach (var turn in turns) Turn(text, turn.Role, string.Concat(turn.Parts.Select(p => p.Text ?? Image)));
        if (generationPrompt) text.Append("<|im_start|>assistant\n");
        return text.ToString();
    }

    private static void Turn(StringBuilder text, string role, string content)
        => text.Append("<|im_start|>").Append(role).Append('\n').Append(content).Append("<|im_end|>\n");
}
