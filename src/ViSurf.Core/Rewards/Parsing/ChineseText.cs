namespace ViSurf.Core.Rewards.Parsing;

/// <summary>How short answers are written in Chinese: full-width letters and marks, words without blanks between them.</summary>
internal static class ChineseText
{
    /// <summary>Marks that end a word or stand around a letter, half and full width, and blanks.</summary>
    public const string Marks = " \t\r\n\u3000()[]{}.,:;!?*\"'`（）［］｛｝【】〔〕「」『』《》〈〉．。，、：；！？“”‘’";

    private static readonly string[] Leads = ["答案", "正确", "选项", "选择", "应选", "故选", "我选", "选", "是", "为"];
    private static readonly string[] Tails = ["选项", "项"];
    private static readonly string[] Yes = ["是", "是的", "对", "对的", "正确", "没错", "有"];
    private static readonly string[] No = ["否", "不", "不是", "不是的", "不对", "错", "错误", "不正确", "没有", "没"];

    /// <summary>A full-width Latin letter or digit as the plain one; any other character as it is.</summary>
    public static char Plain(char c) => c is >= '\uFF10' and <= '\uFF5A' && char.IsLetterOrDigit(c) ? (char)(c - 0xFEE0) : c;

    /// <summary>Whether the character is part of a word written in letters: 选项A holds the letter A by itself, CAT does not.</summary>
    public static bool IsLetter(char c) => char.IsLetterOrDigit(c) && !IsIdeograph(c);

    public static bool IsIdeograph(char c) => c is >= '\u3400' and <= '\u9FFF' or >= '\uF900' and <= '\uFAFF';

    /// <summary>What may follow a choice without a mark: A项, B选项, C是对的, D正确. Others are words: A股, B超, X光.</summary>
    public static bool MayFollowChoice(char c) => c is '项' or '选' or '是' or '对' or '正' or '为' or '或' or '和' or '、';

    /// <summary>"（Ａ）", "选项A", "答案：A。" and "A项" without all but the letter; other texts shorter than they were.</summary>
    public static ReadOnlySpan<char> Core(ReadOnlySpan<char> answer)
    {
        answer = answer.Trim(Marks);
        for (var before = -1; before != answer.Length;)
        {
            before = answer.Length;
            foreach (var lead in Leads)
                if (answer.StartsWith(lead, StringComparison.Ordinal)) answer = answer[lead.Length..].Trim(Marks);
            foreach (var tail in Tails)
                if (answer.EndsWith(tail, StringComparison.Ordinal)) answer = answer[..^tail.Length].Trim(Marks);
        }
        return answer;
    }

    /// <summary>
    /// True for 是 and its like, false for 否, of an answer that says it as a word of its own, perhaps after 答案; null for neither, or for
    /// both.
    /// </summary>
    /// <param name="answer">The answer.</param>
    /// <param name="firstCounts">Whether the first of the two decides.</param>
    public static bool? YesNo(ReadOnlySpan<char> answer, bool firstCounts)
    {
        bool? found = null;
        foreach (var range in answer.SplitAny(Marks))
        {
            if (Word(answer[range]) is not { } said) continue;
            if (firstCounts) return said;
            if (found is { } other && other != said) return null;
            found = said;
        }
        return found;
    }

    private static bool? Word(ReadOnlySpan<char> word)
    {
        // 答案是否 is "the answer is no"; 是否 by itself asks whether.
        if (word.StartsWith("答案", StringComparison.Ordinal))
        {
            word = word[2..];
            if (word.Length > 1 && (word[0] is '是' or '为')) word = word[1..];
        }
        return Holds(Yes, word) ? true : Holds(No, word) ? false : null;
    }

    private static bool Holds(string[] words, ReadOnlySpan<char> word)
    {
        foreach (var known in words)
            if (word.SequenceEqual(known)) return true;
        return false;
    }
}
