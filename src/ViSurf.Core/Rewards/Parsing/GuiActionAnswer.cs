using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>One predicted step on a screen.</summary>
/// <param name="Action">Lower case, trimmed.</param>
/// <param name="Point">Whole pixels.</param>
/// <param name="Text">What is typed or selected, or the direction of a scroll; "no input text" for none.</param>
public sealed record GuiActionAnswer(string Action, PixelPoint Point, string Text)
{
    private static readonly string[] Directions = ["left", "right", "up", "down"];

    /// <summary>Whether the action needs a text: type, open_app, select, scroll.</summary>
    public bool NeedsText => Action is "type" or "open_app" or "select" or "scroll";

    /// <summary>Whether the text fits the action: a direction for a scroll, something for type, select and open_app.</summary>
    public bool IsComplete => !NeedsText
        || (Action == "scroll" ? Directions.Contains(Text.Trim().ToLowerInvariant())
            : !string.IsNullOrWhiteSpace(Text) && !Text.Trim().StartsWith(GuiActionTarget.NoText, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Reads GUI-R1's <c>[{"action": …, "point": [x, y], "input_text": …}]</c> from the answer block or the bare text; single quotes are read
    /// as double ones when the list cannot be read otherwise. null for anything else, an empty list, a point that is not two whole numbers, or a missing key.
    /// </summary>
    public static IReadOnlyList<GuiActionAnswer>? FromText(string text, bool acceptBareText = true)
    {
        if (!AnswerText.TryFind(text, acceptBareText, out var answer)) return null;
        answer = AnswerText.Unfenced(answer);
        return Parse(answer) ?? Parse(answer.ToString().Replace('\'', '"'));
    }

    private static List<GuiActionAnswer>? Parse(ReadOnlySpan<char> json)
    {
        var actions = new List<GuiActionAnswer>();
        return FlatJson.ReadList(json, Read) && actions.Count > 0 ? actions : null;

        bool Read(Dictionary<string, FlatValue> members)
        {
            if (!members.TryGetValue("action", out var action) || action.Text is null) return false;
            if (!members.TryGetValue("point", out var point) || point is not { Whole: true, Numbers: [var x, var y] }) return false;
            if (!members.TryGetValue("input_text", out var input) || input.Text is null) return false;
            actions.Add(new GuiActionAnswer(action.Text.Trim().ToLowerInvariant(), new PixelPoint(x, y), input.Text));
            return true;
        }
    }
}
