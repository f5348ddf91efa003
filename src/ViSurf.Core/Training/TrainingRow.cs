using ViSurf.Core.Data;

namespace ViSurf.Core.Training;

/// <summary>One completion on its way into the loss: still managed, no tensors.</summary>
/// <param name="PromptIndex">Its prompt, and so its group, in the step.</param>
/// <param name="Completion">What was written, by the policy or as the label.</param>
/// <param name="Advantage">Its advantage within the step.</param>
/// <param name="Weight">1 / (prompts × size of its group): its share of "mean over the group, then mean over prompts".</param>
public sealed record TrainingRow(int PromptIndex, Completion Completion, double Advantage, double Weight)
{
    /// <summary>The sampler's log-probability of each token, for measuring drift; null for a label or when the sampler gives none.</summary>
    public IReadOnlyList<float>? SamplerLogProbs { get; init; }

    /// <summary>Number of completion tokens.</summary>
    public int Tokens => Completion.TokenIds.Count;

    /// <summary>Whether this is the label.</summary>
    public bool IsDemonstration => Completion.Source == CompletionSource.Demonstration;
}
