namespace ViSurf.Core.Rewards.Parsing;

/// <summary>
/// Finds the letter of a multiple-choice answer, and yes or no, in English and in Chinese. Linear scans; an answer that names several is
/// none.
/// </summary>
public static class ChoiceText
{
    private static readonly string[] Keywords = ["answer", "答案", "选择", "应选", "故选", "我选"];

    /// <summary>
    /// The chosen letter, upper case: the only letter that stands alone in the answer ("B", "(b)", "B. a red square", "It is **B**.",
    /// "（Ｂ）", "选项B", "答案：B。"); among several, the one right after the last word "answer" or 答案 ("… so the answer is B"); null otherwise.
    /// </summary>
    /// <param name="answer">The answer, without tags.</param>
    /// <param name="last">The last letter of the choices. Z by default.</param>
    /// <remarks>
    /// A lower-case letter counts only when it is the whole answer. "A cat", "I think", B超 and X光 hold words, not choices. Full-width
    /// letters are letters.
    /// </remarks>
    public static char? Letter(ReadOnlySpan<char> answer, char last = 'Z')
    {
        var core = ChineseText.Core(answer);
        if (core.Length == 1 && char.ToUpperInvariant(ChineseText.Plain(core[0])) is var only && only >= 'A' && only <= last
            && char.IsAscii(only)) return only;
        char? found = null;
        var several = false;
        for (var i = 0; i < answer.Length; i++)
        {
            if (Choice(answer, i, last) is not { } letter) continue;
            several |= found is { } other && other != letter;
            found = letter;
        }
        return several ? AfterKeyword(answer, last) : found;
    }

    /// <summary>True for the word "yes" or 是, false for "no" or 否, null when the answer holds neither or both.</summary>
    /// <param name="answer">The answer, without tags.</param>
    /// <param name="firstCounts">Whether the first of the two decides when both occur, as in VLM-R1. Off by default: "yes or no" would be right half of the time.</param>
    public static bool? YesNo(ReadOnlySpan<char> answer, bool firstCounts = false)
    {
        bool? found = null;
        for (var i = 0; i < answer.Length;)
        {
            if (!char.IsLetter(answer[i]) || ChineseText.IsIdeograph(answer[i]))
            {
                i++;
                continue;
            }
            var start = i;
            while (i < answer.Length && ChineseText.IsLetter(answer[i])) i++;
            var word = answer[start..i];
            bool? said = word.Equals("yes", StringComparison.OrdinalIgnoreCase) ? true : word.Equals("no", StringComparison.OrdinalIgnoreCase) ? false : null;
            if (said is null) continue;
            if (firstCounts) return said;
            if (found is { } other && other != said) return null;
            found = said;
        }
        return found ?? ChineseText.YesNo(answer, firstCounts);
    }

    private static char? AfterKeyword(ReadOnlySpan<char> answer, char last)
    {
        var from = -1;
        foreach (var keyword in Keywords)
            if (answer.LastIndexOf(keyword, StringComparison.OrdinalIgnoreCase) is >= 0 and var at)
                from = Math.Max(from, at + keyword.Length);
        if (from < 0) return null;
        // Right after it: at most "is", "option", a colon and brackets in between.
        for (var i = from; i < answer.Length && i < from + 24; i++)
            if (Choice(answer, i, last) is { } letter) return letter;
        return null;
    }

    /// <summary>The upper-case letter that stands alone there, or null.</summary>
    private static char? Choice(ReadOnlySpan<char> text, int at, char last)
    {
        var c = ChineseText.Plain(text[at]);
        if (c < 'A' || c > last) return null;
        if (at > 0 && (ChineseText.IsLetter(text[at - 1]) || text[at - 1] is '\'' or '_' or '-')) return null;
        if (at + 1 == text.Length) return c;
        var next = text[at + 1];
        if (ChineseText.IsLetter(next) || next is '\'' or '_' or '-'
            || (ChineseText.IsIdeograph(next) && !ChineseText.MayFollowChoice(next))) return null;
        var isWord = c is 'A' or 'I' && next == ' ' && at + 2 < text.Length && char.IsLower(text[at + 2]);
        return isWord ? null : c;
    }
}
