using ViSurf.Core.Data;
using ViSurf.Core.Models.Templates;
using ViSurf.Core.Models.Tokens;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>A conversation as the model reads it.</summary>
/// <param name="Text">All of it.</param>
/// <param name="Data">Characters of it that a row spelled and that belong to no control token.</param>
internal readonly record struct ChatText(string Text, IReadOnlyList<TextSpan> Data);

/// <summary>
/// A chat template, run for each conversation, with what a training library has to know of it: how it opens the answer, and that answers
/// end with <c>&lt;|im_end|&gt;</c>. Thread-safe.
/// </summary>
internal sealed class QwenChat
{
    public const string ImagePad = "<|image_pad|>", TurnStart = "<|im_start|>", TurnEnd = "<|im_end|>";
    private const string Answer = TurnStart + "assistant\n";

    private readonly JinjaTemplate _template;
    private readonly IReadOnlyDictionary<string, string> _names;

    private QwenChat(JinjaTemplate template, IReadOnlyDictionary<string, string> names)
    {
        (_template, _names) = (template, names);
        Opening = FindOpening();
    }

    /// <summary>Qwen2, Qwen2-VL, Qwen2.5-VL.</summary>
    public static QwenChat Assistant { get; } = Of(QwenTemplates.Assistant);

    /// <summary>Qwen3-VL.</summary>
    public static QwenChat Plain { get; } = Of(QwenTemplates.Plain);

    /// <summary>Qwen3.</summary>
    public static QwenChat Thinking { get; } = Of(QwenTemplates.Thinking);

    /// <summary>
    /// What the prompt writes of the answer itself: <c>&lt;think&gt;</c> and a line break where the template opens a thought; nothing
    /// elsewhere.
    /// </summary>
    public string Opening { get; }

    /// <summary>Reads a Jinja template.</summary>
    /// <param name="template">Its text.</param>
    /// <param name="names">Texts that it may ask for: <c>eos_token</c> and the like.</param>
    /// <exception cref="FormatException">
    /// It uses something of Jinja that is not supported, or its turns are not written in ChatML.
    /// </exception>
    public static QwenChat Of(string template, IReadOnlyDictionary<string, string>? names = null)
        => new(JinjaTemplate.Parse(template), names ?? new Dictionary<string, string>());

    /// <summary>The conversation, one placeholder per picture, open for the assistant's answer when asked.</summary>
    /// <param name="turns">The conversation.</param>
    /// <param name="generationPrompt">Whether the answer is opened.</param>
    /// <param name="control">Tokens that texts of the conversation cannot spell; null for none.</param>
    /// <exception cref="FormatException">A role is no plain word, or the template cannot render this conversation.</exception>
    public ChatText Render(IReadOnlyList<ChatTurn> turns, bool generationPrompt = true, IReadOnlyList<string>? control = null)
    {
        var rendered = Run(turns, generationPrompt, control ?? []);
        return !generationPrompt || rendered.Text.EndsWith(Answer + Opening, StringComparison.Ordinal) ? rendered
            : throw new FormatException($"the answer of this conversation is not opened with '{Short(Answer + Opening)}' as others are");
    }

    private ChatText Run(IReadOnlyList<ChatTurn> turns, bool generationPrompt, IReadOnlyList<string> control)
    {
        if (turns.FirstOrDefault(turn => !IsPlain(turn.Role)) is { } other)
            throw new FormatException($"expected roles of letters, digits, '_' and '-', got '{other.Role}'");
        var row = new RowText(control);
        var mark = RowText.Mark(turns.SelectMany(turn => turn.Parts).Select(part => part.Text ?? ""));
        var rendered = _template.Render(
        [
            .. _names.Select(name => KeyValuePair.Create(name.Key, (object?)name.Value)),
            new("messages", turns.Select(turn => (object?)Message(turn, text => row.Marked(text, mark))).ToList()),
            new("add_generation_prompt", generationPrompt), new("tools", null), new("documents", null),
        ]);
        var (text, data) = RowText.Released(rendered, mark);
        return new(text, data);
    }

    /// <summary>Texts alone are one text, as text models have them; with pictures they are a list of parts.</summary>
    private static Dictionary<string, object?> Message(ChatTurn turn, Func<string, string> marked) => new(StringComparer.Ordinal)
    {
        ["role"] = turn.Role,
        ["content"] = turn.Parts.Any(part => part.IsImage) ? turn.Parts.Select(part => (object?)Part(part, marked)).ToList()
            : marked(string.Concat(turn.Parts.Select(part => part.Text))),
    };

    private static Dictionary<string, object?> Part(ChatPart part, Func<string, string> marked) => new(StringComparer.Ordinal)
    {
        ["type"] = part.IsImage ? "image" : "text",
        [part.IsImage ? "image" : "text"] = part.Text is { } text ? marked(text) : "",
    };

    private static bool IsPlain(string role) => role.Length > 0 && role.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    /// <summary>Two short conversations say how answers begin and end.</summary>
    private string FindOpening()
    {
        var (question, answer) = (ChatTurn.User("Q"), ChatTurn.Assistant("A"));
        var (closed, open, answered) = (Run([question], false, []).Text, Run([question], true, []).Text,
            Run([question, answer], false, []).Text);
        if (!open.StartsWith(closed + Answer, StringComparison.Ordinal))
            throw new FormatException($"expected answers that are opened with '{Short(Answer)}' (add_generation_prompt), "
                + $"as all Qwen templates open them, "
                + $"got '{Short(open)}' after '{Short(closed)}'");
        if (!answered.Contains("A" + TurnEnd, StringComparison.Ordinal))
            throw new FormatException($"expected turns that end with {TurnEnd}, as all Qwen templates end them, got '{Short(answered)}'");
        return open[(closed.Length + Answer.Length)..];
    }

    private static string Short(string text)
        => (text.Length <= 80 ? text : "…" + text[^80..]).Replace("\n", "\\n", StringComparison.Ordinal);
}
