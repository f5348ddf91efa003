using System.Collections.Frozen;
using ViSurf.Core.Models.Tokens;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>The tokens of a checkpoint by which a conversation is steered, and which texts of rows must not contain.</summary>
/// <remarks>
/// <c>&lt;think&gt;</c>, <c>&lt;tool_call&gt;</c>, boxes and references are not among them: they are what answers are made of, and open no
/// turn.
/// </remarks>
internal sealed class ControlTokens
{
    private static readonly string[] Known =
        [QwenChat.TurnStart, QwenChat.TurnEnd, "<|endoftext|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", QwenChat.ImagePad,
            "<|video_pad|>"];

    public ControlTokens(QwenTokenizer tokenizer, IReadOnlyList<int> stopIds)
    {
        Ids = Known.Select(tokenizer.Find).OfType<int>().Concat(stopIds).ToFrozenSet();
        Texts = [.. Ids.Order().Select(id => tokenizer.Decode([id], skipSpecialTokens: false)).Where(text => text.Length > 1)];
    }

    private ControlTokens() => (Ids, Texts) = (FrozenSet<int>.Empty, []);

    /// <summary>None: rows may spell everything.</summary>
    public static ControlTokens None { get; } = new();

    public IReadOnlySet<int> Ids { get; }

    public IReadOnlyList<string> Texts { get; }
}
