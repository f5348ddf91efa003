using ViSurf.Core.Common;
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

    /// <summary>
    /// The example with its label in the frame that the model writes coordinates in, from the frame that the example says
    /// (<see cref="VisionExample.LabelFrame"/>): what <c>rows.Select(encoder.InModelFrame)</c> is for. Training, checks and evaluation ask it
    /// too, and refuse a label that it would change: taught or compared as it is, every coordinate would be wrong.
    /// </summary>
    /// <returns>The example itself where the encoder knows of no frame, which is what one that does not implement it says; a wrapper asks what it stands before.</returns>
    /// <exception cref="InvalidDataException">In which frame the label is cannot be found out; names the example.</exception>
    VisionExample InModelFrame(VisionExample example)
        => (this as IWrapper)?.Inner.OfType<IPromptEncoder>().FirstOrDefault()?.InModelFrame(example) ?? example;

    /// <summary>Text of completion tokens, special tokens skipped.</summary>
    string Decode(IReadOnlyList<int> tokenIds);
}
