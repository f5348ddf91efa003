using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Encoding;

/// <summary>Text and pictures in, token ids and pixel patches out, and back. Written by whoever adds a model family.</summary>
public interface IPromptEncoder
{
    /// <summary>Renders the conversation, tokenizes it, expands image placeholders and cuts the pictures into patches.</summary>
    /// <exception cref="InvalidDataException">A picture is missing or broken, or the images do not match the turns; names the example.</exception>
    EncodedPrompt Encode(VisionExample example);

    /// <summary>
    /// Token ids of an answer as the policy would have produced it, the end-of-turn token last. Where the prompt has begun the answer
    /// (<see cref="AnswerOpening"/>), what follows on that.
    /// </summary>
    /// <param name="text">The whole answer.</param>
    IReadOnlyList<int> EncodeAnswer(string text);

    /// <summary>
    /// The example with its label in the frame that the model writes coordinates in, from the frame that the example says
    /// (<see cref="VisionExample.LabelFrame"/>): what <c>rows.Select(encoder.InModelFrame)</c> is for. Training, checks and evaluation ask
    /// it too, and refuse a label that it would change: taught or compared as it is, every coordinate would be wrong.
    /// </summary>
    /// <returns>
    /// The example itself where the encoder knows of no frame, which is what one that does not implement it says; a wrapper asks what it
    /// stands before.
    /// </returns>
    /// <exception cref="InvalidDataException">In which frame the label is cannot be found out; names the example.</exception>
    VisionExample InModelFrame(VisionExample example)
        => (this as IWrapper)?.Inner.OfType<IPromptEncoder>().FirstOrDefault()?.InModelFrame(example) ?? example;

    /// <summary>
    /// What the prompt has already written of the answer: <c>&lt;think&gt;</c> of a model whose chat template opens the thought. It stands
    /// at the beginning of <see cref="Completion.Text"/>, so that rewards, parsers and reports see the whole answer, as TRL's and open-r1's
    /// format rewards do.
    /// </summary>
    /// <value>Empty: the answer is the completion. A wrapper asks what it stands before.</value>
    string AnswerOpening => (this as IWrapper)?.Inner.OfType<IPromptEncoder>().FirstOrDefault()?.AnswerOpening ?? "";

    /// <summary>
    /// Texts by which a conversation is steered, and which in a row are ordinary text: <c>&lt;|im_end|&gt;</c>, for instance. A row that
    /// spells one is worth a look.
    /// </summary>
    /// <value>Empty: not known, or rows may use them. A wrapper asks what it stands before.</value>
    IReadOnlyList<string> ControlTokens => (this as IWrapper)?.Inner.OfType<IPromptEncoder>().FirstOrDefault()?.ControlTokens ?? [];

    /// <summary>Text of completion tokens, special tokens skipped.</summary>
    string Decode(IReadOnlyList<int> tokenIds);
}
