using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;

namespace ViSurf.Core.Training;

/// <summary>Encodes examples with a limit on their length.</summary>
public static class Prompts
{
    /// <summary>One prompt per example; the caller disposes them.</summary>
    /// <exception cref="InvalidDataException">
    /// A prompt is longer than the limit, or an example's label is not in the model's frame; names the example. Nothing is cut: half a
    /// picture is no picture.
    /// </exception>
    public static IReadOnlyList<EncodedPrompt> Encode(IPromptEncoder encoder, IReadOnlyList<VisionExample> examples, int maxPromptTokens = int.MaxValue)
    {
        Guard.NotNull(encoder);
        Guard.NotNull(examples);
        var prompts = new List<EncodedPrompt>(examples.Count);
        try
        {
            foreach (var example in examples)
            {
                // Answers to this prompt are compared with its label.
                ModelFrame.Ensure(encoder, example);
                prompts.Add(encoder.Encode(example));
                if (prompts[^1].TokenIds.Count > maxPromptTokens)
                    throw new InvalidDataException(
                        $"Expected at most {maxPromptTokens} prompt tokens, got {prompts[^1].TokenIds.Count} for example '{example.Id}'. "
                        + "Make its pictures smaller, raise MaxPromptTokens, or drop the row.");
            }
            return prompts;
        }
        catch
        {
            foreach (var prompt in prompts) prompt.Dispose();
            throw;
        }
    }
}
