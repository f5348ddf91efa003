namespace ViSurf.Core.Rewards.Parsing;

/// <summary>Finds the letter of a multiple-choice answer, and yes or no. Linear scans; an answer that names several is none.</summary>
public static class ChoiceText
{
    private const string Keyword = "answer";

    /// <summary>
    /// The chosen letter, upper case: the only letter that stands alone in the answer ("B", "(b)", "B. a red square", "It is **B**.");
    /// among several, the one right after the last word "answer" ("… so the answer is B"); null otherwise.
    /// </summary>
    /// <param name="answer">The answer, without tags.</param>
    /// <param name="last">The last letter of the choices. Z by default.</param>
    /// <remarks>A lower-case letter counts only when it is the whole answer. "A cat" and "I think" hold words, not choices.</remarks>
    public static char? Letter(ReadOnlySpan<char> answer, char last = 'Z')
    {
        var core = answer.Trim(" \t\r\n()[]{}.:*\"'");
        if (core.Length == 1 && char.ToUpperInvariant(core[0]) is var only && only >= 'A' && only <= last && char.IsAscii(core[0])) return only;
        char? found = null;
        var several = false;
        for (var i = 0; i < answer.Length; i++)
        {
            if (!IsChoice(answer, i, last)) continue;
            several |= found is { } other && other != answer[i];
            found = answer[i];
        }
        return several ? AfterKeyword(answer, last) : found;
    }

    /// <summary>True for the word "yes", false for "no", null when the answer holds neither or both.</summary>
    /// <param name="answer">The answer, without tags.</param>
    /// <param name="firstCounts">Whether the first of the two decides when both occur, as in VLM-R1. Off by default: "yes or no" would be right half of the time.</param>
    public static bool? YesNo(ReadOnlySpan<char> answer, bool firstCounts = false)
    {
        bool? found = null;
        for (var i = 0; i < answer.Length;)
        {
            if (!char.IsLetter(answer[i]))
            {
                i++;
                continue;
            }
            var start = i;
            while (i < answer.Length && char.IsLetterOrDigit(answer[i])) i++;
            var word = answer[start..i];
            bool? said = word.Equals("yes", StringComparison.OrdinalIgnoreCase) ? true : word.Equals("no", StringComparison.OrdinalIgnoreCase) ? false : null;
            if (said is null) continue;
            if (firstCounts) return said;
            if (found is { } other && other != said) return null;
            found = said;
        }
        return found;
    }

    private static char? AfterKeyword(ReadOnlySpan<char> answer, char last)
    {
        var at = answer.LastIndexOf(Keyword, StringComparison.OrdinalIgnoreCase);
        if (at < 0) return null;
        var from = at + Keyword.Length;
        // Right after it: at most "is", "option", a colon and brackets in between.
        for (var i = from; i < answer.Length && i < from + 24; i++)
            if (IsChoice(answer, i, last)) return answer[i];
        return null;
    }

    private static bool IsChoice(ReadOnlySpan<char> text, int at, char last)
    {
        var c = text[at];
        if (c < 'A' || c > last) return false;
        if (at > 0 && (char.IsLetterOrDigit(text[at - 1]) || text[at - 1] is '\'' or '_' or '-')) return false;
        if (at + 1 == text.Length) return true;
        var next = text[at + 1];
        if (char.IsLetterOrDigit(next) || next is '\'' or '_' or '-') return false;
        var isWord = c is 'A' or 'I' && next == ' ' && at + 2 < text.Length && char.IsLower(text[at + 2]);
        return !isWord;
    }
}
