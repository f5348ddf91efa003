using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>Reads lists of boxes as VLM-R1's code does.</summary>
internal static class VlmR1Answer
{
    /// <summary>
    /// The boxes of the last answer block, inside of a code fence when there is one; "None" is the empty list. An object without a box of
    /// four numbers counts, with a box of null. Linear; never throws.
    /// </summary>
    /// <param name="text">A completion.</param>
    /// <param name="form">The keys.</param>
    /// <param name="acceptBareText">Whether the whole text counts where there is no answer block.</param>
    /// <returns>null when it is no list of objects.</returns>
    public static IReadOnlyList<(Box? Box, string? Label)>? FromText(string text, DetectionForm form, bool acceptBareText)
    {
        if (!ThinkAnswerText.TryLastAnswer(text, out var answer))
        {
            if (!acceptBareText) return null;
            answer = ThinkAnswerText.Trim(text);
        }
        answer = AnswerText.Unfenced(answer);
        if (answer.Equals("none", StringComparison.OrdinalIgnoreCase)) return [];
        var boxes = new List<(Box?, string?)>();
        return FlatJson.ReadList(answer, Read) ? boxes : null;

        bool Read(Dictionary<string, FlatValue> members)
        {
            Box? box = members.GetValueOrDefault(form.BoxKey).Numbers is [var x1, var y1, var x2, var y2] ? new Box(x1, y1, x2, y2) : null;
            boxes.Add((box, form.LabelKey is not null ? members.GetValueOrDefault(form.LabelKey).Text : null));
            return true;
        }
    }
}
