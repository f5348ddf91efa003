using System.Text;
using System.Text.RegularExpressions;
using ViSurf.Core.Data;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>What becomes of the thoughts of answers that a prompt holds.</summary>
internal enum ThoughtRule
{
    /// <summary>They stay as they are.</summary>
    AsWritten,

    /// <summary>Those before the last question are cut (Qwen3 of 2507).</summary>
    Fresh,

    /// <summary>The same, and a last answer without a thought gets an empty one (Qwen3, Qwen3-VL Thinking).</summary>
    FreshOrEmpty,
}

/// <summary>The Qwen chat templates, rendered by hand. They differ in three things only, which <see cref="Of"/> reads from a template's text.</summary>
/// <param name="DefaultSystem">System message of a conversation that brings none; null for no such turn.</param>
/// <param name="Opening">What stands open for the answer.</param>
/// <param name="Thoughts">What becomes of the <c>&lt;think&gt;</c> blocks of earlier answers.</param>
internal sealed partial record QwenChat(string? DefaultSystem, string Opening, ThoughtRule Thoughts)
{
    public const string ImagePad = "<|image_pad|>";
    private const string Image = "<|vision_start|>" + ImagePad + "<|vision_end|>", TurnStart = "<|im_start|>", TurnEnd = "<|im_end|>\n";
    private const string Answer = TurnStart + "assistant\n", Think = "<think>", ThinkEnd = "</think>";

    /// <summary>Qwen2, Qwen2-VL, Qwen2.5-VL.</summary>
    public static QwenChat Assistant { get; } = new("You are a helpful assistant.", Answer, ThoughtRule.AsWritten);

    /// <summary>Qwen3-VL.</summary>
    public static QwenChat Plain { get; } = new(null, Answer, ThoughtRule.AsWritten);

    /// <summary>Qwen3.</summary>
    public static QwenChat Thinking { get; } = new(null, Answer, ThoughtRule.FreshOrEmpty);

    /// <summary>Reads the differences from a Jinja template.</summary>
    /// <exception cref="FormatException">Its turns are not written in ChatML.</exception>
    public static QwenChat Of(string template)
    {
        // Inside a Jinja string a line ends with the two characters "\n".
        var text = template.Replace("\\n", "\n", StringComparison.Ordinal);
        if (!text.Contains(TurnStart, StringComparison.Ordinal) || !text.Contains("<|im_end|>", StringComparison.Ordinal))
            throw new FormatException("turns between <|im_start|> and <|im_end|>, as all Qwen templates have them, were expected");
        var system = SystemTurn().Match(text);
        return new QwenChat(
            system.Success ? system.Groups[1].Value : null,
            OpenThought().IsMatch(text) ? Answer + Think + "\n" : Answer,
            !text.Contains("last_query_index", StringComparison.Ordinal) || !text.Contains(ThinkEnd, StringComparison.Ordinal) ? ThoughtRule.AsWritten
                : text.Contains("loop.last or", StringComparison.Ordinal) ? ThoughtRule.FreshOrEmpty : ThoughtRule.Fresh);
    }

    /// <summary>The conversation as text, one placeholder per image, open for the assistant's answer when asked.</summary>
    public string Render(IReadOnlyList<ChatTurn> turns, bool generationPrompt = true)
    {
        var text = new StringBuilder();
        if (DefaultSystem is not null && (turns.Count == 0 || turns[0].Role != "system")) Turn(text, "system", DefaultSystem);
        var question = turns.Count - 1;
        while (question >= 0 && turns[question].Role != "user") question--;
        for (var i = 0; i < turns.Count; i++)
        {
            var content = string.Concat(turns[i].Parts.Select(p => p.Text ?? Image));
            if (Thoughts != ThoughtRule.AsWritten && turns[i].Role == "assistant")
                content = Rethink(content, fresh: question >= 0 && i > question, always: Thoughts == ThoughtRule.FreshOrEmpty && i == turns.Count - 1);
            Turn(text, turns[i].Role, content);
        }
        if (generationPrompt) text.Append(Opening);
        return text.ToString();
    }

    private static string Rethink(string content, bool fresh, bool always)
    {
        var end = content.LastIndexOf(ThinkEnd, StringComparison.Ordinal);
        var answer = (end < 0 ? content : content[(end + ThinkEnd.Length)..]).TrimStart('\n');
        var thought = end < 0 ? "" : content[..content.IndexOf(ThinkEnd, StringComparison.Ordinal)].Split(Think)[^1].Trim('\n');
        if (fresh && (always || thought.Length > 0)) return $"{Think}\n{thought}\n{ThinkEnd}\n\n{answer}";
        return end < 0 ? content : answer;
    }

    private static void Turn(StringBuilder text, string role, string content)
        => text.Append(TurnStart).Append(role).Append('\n').Append(content).Append(TurnEnd);

    /// <summary>A system turn written out in full, with no expression in it.</summary>
    [GeneratedRegex(@"<\|im_start\|>system\n((?:(?!<\|im_|\{\{|\{%|\}\}|%\}|['""]\s*[+~]).)+)<\|im_end\|>", RegexOptions.Singleline)]
    private static partial Regex SystemTurn();

    /// <summary>An answer's opening that goes on into a thought and ends there.</summary>
    [GeneratedRegex(@"<\|im_start\|>assistant\n<think>\n(?=['""]\s*-?\}\}|\s*\{%)")]
    private static partial Regex OpenThought();
}
