namespace ViSurf.Core.Models.QwenVl;

/// <summary>Answers in prompts that have begun them.</summary>
internal static class AnswerText
{
    private const string Think = "<think>", ThinkEnd = "</think>", Answer = "<answer>";

    /// <summary>
    /// What is left to write of a whole answer. Where the prompt has left a thought open, an answer that brings its own goes on with it,
    /// and one that brings none closes it first, as the families' templates write an empty thought: an answer inside of a thought is no
    /// answer.
    /// </summary>
    /// <param name="answer">The whole answer, as it would be written after a prompt that opens nothing.</param>
    /// <param name="opening">What the prompt wrote of it.</param>
    public static string AfterOpening(string answer, string opening)
    {
        var text = answer.TrimStart();
        if (opening.Length > 0 && text.StartsWith(opening, StringComparison.Ordinal)) return text[opening.Length..];
        if (opening.LastIndexOf(Think, StringComparison.Ordinal) <= opening.LastIndexOf(ThinkEnd, StringComparison.Ordinal)) return answer;
        if (text.StartsWith(Think, StringComparison.Ordinal)) return text[Think.Length..].TrimStart('\n');
        // One that stands inside of answer tags belongs to the answer and ends no thought.
        var (end, tag) = (answer.IndexOf(ThinkEnd, StringComparison.Ordinal), answer.IndexOf(Answer, StringComparison.Ordinal));
        if (end >= 0 && (tag < 0 || end < tag)) return answer;
        return (opening.EndsWith('\n') ? "\n" : "\n\n") + ThinkEnd + "\n\n" + answer;
    }
}
