using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Rollouts;

namespace ViSurf.Core.Training;

/// <summary>Turns a sampler's token ids into groups of completions with text.</summary>
public static class RolloutGroups
{
    /// <summary>One group per example, its completions in the sampler's order, each text decoded once.</summary>
    /// <param name="examples">The examples, in the order of the prompts.</param>
    /// <param name="samples">What the sampler returned; may be empty (supervised fine-tuning), then every group is empty.</param>
    /// <param name="encoder">Decodes token ids.</param>
    /// <exception cref="InvalidDataException">A label is not in the model's frame; names the example.</exception>
    /// <exception cref="InvalidOperationException">A sample has no tokens or points at no prompt.</exception>
    public static IReadOnlyList<RolloutGroup> Assemble(
        IReadOnlyList<VisionExample> examples, IReadOnlyList<SampledTokens> samples, IPromptEncoder encoder)
    {
        Guard.NotNull(examples);
        Guard.NotNull(samples);
        Guard.NotNull(encoder);
        // From here on completions are compared with labels.
        foreach (var example in examples) ModelFrame.Ensure(encoder, example);
        var completions = examples.Select(_ => new List<Completion>()).ToArray();
        foreach (var sample in samples)
        {
            if (sample.PromptIndex < 0 || sample.PromptIndex >= examples.Count)
                throw new InvalidOperationException(
                    $"Expected the sampler to return prompt indices below {examples.Count}, got {sample.PromptIndex}.");
            if (sample.TokenIds.Count == 0)
                throw new InvalidOperationException(
                    $"Expected the sampler to return at least one token per completion, got none for example '{examples[sample.PromptIndex].Id}'.");
            completions[sample.PromptIndex].Add(
                new Completion(sample.TokenIds, encoder.AnswerOpening + encoder.Decode(sample.TokenIds), sample.FinishReason,
                    CompletionSource.Policy)
                {
                    PrefixTokens = sample.PrefixTokens,
                    LogProbs = sample.LogProbs.Count == sample.TokenIds.Count ? sample.LogProbs : null,
                });
        }
        return examples.Select((example, q) => new RolloutGroup(example, completions[q])).ToArray();
    }
}
