using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>One predicted object.</summary>
/// <param name="Box">Four finite numbers below a thousand million; may be reversed (then it covers nothing).</param>
/// <param name="Label">The class, or null when none was given.</param>
/// <param name="Confidence">In [0, 1]; 1 when none was given.</param>
public sealed record Detection(Box Box, string? Label, double Confidence);

/// <summary>Reads JSON lists of detections.</summary>
public static class DetectionAnswer
{
    /// <summary>
    /// The objects of the completion's answer: its answer block, or the bare text; inside of a code fence when there is one. "None" (any
    /// case) is the empty list. Linear; never throws.
    /// </summary>
    /// <param name="text">A completion.</param>
    /// <param name="form">The keys to read.</param>
    /// <param name="repair">
    /// Whether to mend what Visual-RFT mends: single quotes, a doubled bracket around the list, a list that was cut off. Off by default:
    /// mending pays for malformed answers.
    /// </param>
    /// <param name="acceptBareText">Whether answer tags may be missing.</param>
    /// <returns>
    /// null when the answer is no list of objects, or an object lacks a box of four usable numbers, has a confidence outside [0, 1], or a label that is no text.
    /// </returns>
    public static IReadOnlyList<Detection>? FromText(string text, DetectionForm form, bool repair = false, bool acceptBareText = true)
    {
        Guard.NotNull(form);
        if (!AnswerText.TryFind(text, acceptBareText, out var answer)) return null;
        answer = AnswerText.Unfenced(answer);
        if (answer.Equals("none", StringComparison.OrdinalIgnoreCase)) return [];
        return Parse(repair ? Repaired(answer) : answer, form);
    }

    /// <summary>Reads a JSON list; see <see cref="FromText"/>.</summary>
    public static IReadOnlyList<Detection>? Parse(ReadOnlySpan<char> json, DetectionForm form)
    {
        Guard.NotNull(form);
        var detections = new List<Detection>();
        return FlatJson.ReadList(json, Read) ? detections : null;

        bool Read(Dictionary<string, FlatValue> members)
        {
            if (!members.TryGetValue(form.BoxKey, out var value) || value.Numbers is not { Count: 4 } box || !box.All(IsPixel)) return false;
            string? label = null;
            if (form.LabelKey is not null && members.TryGetValue(form.LabelKey, out var name))
            {
                if (name.Text is null) return false;
                label = name.Text;
            }
            var confidence = 1.0;
            if (form.ConfidenceKey is not null && members.TryGetValue(form.ConfidenceKey, out var number))
            {
                if (number.Number is not (>= 0 and <= 1)) return false;
                confidence = number.Number.Value;
            }
            detections.Add(new Detection(new Box(box[0], box[1], box[2], box[3]), label, confidence));
            return true;
        }
    }

    /// <summary>Single quotes become double, <c>[[…]]</c> becomes <c>[…]</c>, and a list without an end ends after its last whole object.</summary>
    internal static string Repaired(ReadOnlySpan<char> json)
    {
        var text = json.ToString().Replace('\'', '"');
        if (text.StartsWith("[[{", StringComparison.Ordinal)) text = text[1..];
        if (text.EndsWith("}]]", StringComparison.Ordinal)) text = text[..^1];
        if (!text.StartsWith('[') || text.EndsWith(']')) return text;
        var last = text.LastIndexOf('}');
        return last < 0 ? text : text[..(last + 1)] + "]";
    }

    private static bool IsPixel(double value) => Math.Abs(value) < 1e9;
}
