using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>A step on a screen as GUI-R1's patterns find it in an answer, whatever stands around: no list has to be read for it.</summary>
/// <param name="Action">The first action, lower case.</param>
/// <param name="Point">The last <c>[x, y]</c> of whole numbers on the first line with one inside braces; null without one.</param>
/// <param name="Text">The first text, or "no input text".</param>
internal sealed record GuiR1Answer(string Action, PixelPoint? Point, string Text)
{
    private static readonly string[] Directions = ["left", "right", "up", "down"];

    /// <summary>
    /// Reads the first answer block; null without one, or without an action in it. Keys and texts may have single or double quotes.
    /// Linear.
    /// </summary>
    public static GuiR1Answer? FromText(string text)
        => ThinkAnswerText.TryAnswer(Guard.NotNull(text), out var answer) && Quoted(answer, "action", isWord: true) is { } action
            ? new GuiR1Answer(action.ToLowerInvariant(), LastPoint(answer),
                Quoted(answer, "input_text", isWord: false) ?? GuiActionTarget.NoText)
            : null;

    /// <summary>
    /// Whether thoughts and an answer are the whole text, and the answer is a list of objects with an action, a point of whole numbers and
    /// a text, which is not missing where the action needs one and a direction for a scroll. The empty list is one.
    /// </summary>
    public static bool HasFormat(string text)
        => ThinkAnswerText.IsThinkThenAnswer(text) && ThinkAnswerText.TryAnswer(text, out var answer)
            && (FlatJson.ReadList(answer, IsStep) || FlatJson.ReadList(answer.ToString().Replace('\'', '"'), IsStep));

    private static bool IsStep(Dictionary<string, FlatValue> members)
        => members.TryGetValue("action", out var action) && action.Text is { } name
            && members.TryGetValue("point", out var point) && point is { Whole: true, Numbers.Count: >= 2 }
            && members.TryGetValue("input_text", out var input) && input.Text is { } text
            && !(name is "type" or "select" or "open_app" && text == GuiActionTarget.NoText)
            && (name != "scroll" || Directions.Contains(text));

    /// <summary>
    /// The text behind a quoted key and a colon, on one line; of letters, digits and underscores where <paramref name="isWord"/>.
    /// </summary>
    private static string? Quoted(ReadOnlySpan<char> answer, string key, bool isWord)
    {
        for (var at = 0; answer[at..].IndexOf(key, StringComparison.Ordinal) is >= 0 and var found;)
        {
            var start = at + found;
            at = start + key.Length;
            if (start == 0 || answer[start - 1] is not ('\'' or '"')) continue;
            if (at + 1 >= answer.Length || answer[at] != answer[start - 1] || answer[at + 1] != ':') continue;
            var open = at + 2;
            while (open < answer.Length && ThinkAnswerText.IsBlank(answer[open])) open++;
            if (open >= answer.Length || answer[open] is not ('\'' or '"')) continue;
            if (answer[open] == '"' && !isWord)
            {
                // JSON, as labels are written: a quotation mark may stand in the text.
                var cursor = new JsonCursor(answer[open..]);
                if (cursor.TryString(out var text)) return text.ToString();
            }
            var inside = answer[(open + 1)..];
            var close = inside.IndexOfAny(answer[open], '\n');
            if (close < 0 || inside[close] == '\n' || (isWord && (close == 0 || !IsWord(inside[..close])))) continue;
            return inside[..close].ToString();
        }
        return null;
    }

    private static bool IsWord(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            if (!char.IsLetterOrDigit(c) && c != '_') return false;
        return true;
    }

    private static PixelPoint? LastPoint(ReadOnlySpan<char> answer)
    {
        foreach (var range in answer.Split('\n'))
        {
            var line = answer[range];
            var (open, close) = (line.IndexOf('{'), line.LastIndexOf('}'));
            if (open >= 0 && close > open && Brackets.LastWholePoint(line[open..close]) is { } point) return point;
        }
        return null;
    }
}
