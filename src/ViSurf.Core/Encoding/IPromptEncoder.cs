using ViSurf.Core.Data;

namespace ViSurf.Core.Encoding;

/// <summary>Text and pictures in, token ids and pixel patches out, and back. Written by whoever adds a model family.</summary>
public interface IPromptEncoder
{
    /// <summary>Renders the conversation, tokenizes it, expands image placeholders and cuts the pictures into patches.</summary>
    /// <exception cref="InvalidDataException">A picture is missing or broken, or the images do not match the turns; names the example.</exception>
    EncodedPrompt Encode(VisionExample example);

    /// <summary>Token ids of an answer as the policy would have produced it, the end-of-turn token last.</summary>
    IReadOnlyList<int> EncodeAnswer(string text);

    /// <summary>Text of completion tokens, special tokens skipped.</summary>
    string Decode(IReadOnlyList<int> tokenIds);
}
