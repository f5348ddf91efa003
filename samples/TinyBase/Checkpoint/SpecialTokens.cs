namespace TinyBase.Checkpoint;

/// <summary>
/// Qwen2.5-VL's added tokens, in its order, after the learned vocabulary; then the fixed pieces of an answer, so that a model this
/// small spends its tokens on what it sees rather than on punctuation.
/// </summary>
internal static class SpecialTokens
{
    public const string EndOfText = "<|endoftext|>";
    public const string TurnStart = "<|im_start|>";
    public const string TurnEnd = "<|im_end|>";
    public const string VisionStart = "<|vision_start|>";
    public const string VisionEnd = "<|vision_end|>";
    public const string ImagePad = "<|image_pad|>";
    public const string VideoPad = "<|video_pad|>";

    public static IReadOnlyList<string> All { get; } =
    [
        EndOfText, TurnStart, TurnEnd,
        "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>",
        VisionStart, VisionEnd, "<|vision_pad|>", ImagePad, VideoPad,
        "<tool_call>", "</tool_call>",
        .. Pieces,
    ];

    /// <summary>Whole tokens, but text to every decoder.</summary>
    public static IReadOnlyList<string> Pieces =>
        ["<think>", "</think>", "<answer>", "</answer>", "[{\"bbox_2d\": [", "], \"point_2d\": [", "]}]"];

    /// <summary>Whether a decoder that skips special tokens skips this one (tool calls and pieces of an answer are ordinary text to it).</summary>
    public static bool IsSpecial(string token) => token.StartsWith("<|", StringComparison.Ordinal);
}
