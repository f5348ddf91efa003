using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>Reads and mends lists of boxes as Visual-RFT's code does.</summary>
internal static class VisualRftAnswer
{
    private const string Close = "</answer>";

    /// <summary>
    /// The boxes of the first answer block that stands on one line, or of the whole text: <c>[[</c> and <c>]]</c> are halved, line breaks
    /// removed, single quotes become double; a list that does not end in a bracket ends before its last <c>},</c>. Linear; never throws.
    /// </summary>
    /// <param name="text">A completion.</param>
    /// <param name="form">The keys: Visual-RFT's own are <see cref="DetectionForm.VisualRft"/>. Without a key for it the confidence is
    /// 1.</param>
    /// <returns>null when it is no list of objects, or one lacks a box of four numbers or the confidence.</returns>
    public static IReadOnlyList<(Box Box, double Confidence)>? FromText(string text, DetectionForm form)
    {
        var answer = ThinkAnswerText.TryAnswerOnOneLine(text, out var inside) ? inside : ThinkAnswerText.Trim(text);
        var list = answer.ToString();
        foreach (var (before, after) in new[] { ("[[", "["), ("]]", "]"), ("\n", "") })
            list = list.Replace(before, after, StringComparison.Ordinal);
        var end = list.IndexOf(Close, StringComparison.Ordinal);
        if (end >= 0) list = list[..end];
        if (!list.EndsWith(']'))
            list = (list.LastIndexOf("},", StringComparison.Ordinal) is >= 0 and var last ? list[..last] : list) + "}]";
        var boxes = new List<(Box, double)>();
        return FlatJson.ReadList(list.Replace('\'', '"'), Read) ? boxes : null;

        bool Read(Dictionary<string, FlatValue> members)
        {
            if (!members.TryGetValue(form.BoxKey, out var value) || value.Numbers is not [var x1, var y1, var x2, var y2]) return false;
            var confidence = 1.0;
            if (form.ConfidenceKey is not null)
            {
                if (!members.TryGetValue(form.ConfidenceKey, out var number) || number.Number is not { } given || !double.IsFinite(given))
                    return false;
                confidence = given;
            }
            boxes.Add((new Box(x1, y1, x2, y2), confidence));
            return true;
        }
    }
}
