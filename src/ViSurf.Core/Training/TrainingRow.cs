using ViSurf.Core.Data;

namespace ViSurf.Core.Training;

/// <summary>One completion on its way into the loss: still managed, no tensors.</summary>
/// <param name="PromptIndex">Its prompt, and so its group, in the step.</param>
/// <param name="Completion">What was written, by the policy or as the label.</param>
/// <param name="Advantage">Its advantage within the step.</param>
/// <param name="Weight">1 / (prompts × size of its group): its share of "mean over the group, then mean over prompts".</param>
public sealed record TrainingRow(int PromptIndex, Completion Completion, double Advantage, double Weight)
{
    /// <summary>The reward that the advantage was made from.</summary>
    public double Reward { get; init; }

    /// <summary>
    /// The sampler's log-probability of each token, for measuring drift; null for a label, a replayed rollout, or when the sampler gives none.
    /// </summary>
    public IReadOnlyList<float>? SamplerLogProbs => Completion is { Replayed: false, LogProbs: { } given } && given.Count == Tokens ? given : null;

    /// <summary>log π_old of each token where it is not that of the current policy: the log-probabilities a replayed rollout was drawn with.</summary>
    public IReadOnlyList<float>? ReplayedLogProbs => Completion is { Replayed: true, LogProbs: { } given } && given.Count == Tokens ? given : null;

    /// <summary>Number of completion tokens.</summary>
    public int Tokens => Completion.TokenIds.Count;

    /// <summary>Number of tokens, from the first, that a label wrote.</summary>
    public int LabelTokens => IsDemonstration ? Tokens : Completion.PrefixTokens;

    /// <summary>Whether this is the label.</summary>
    public bool IsDemonstration => Completion.Source == CompletionSource.Demonstration;
}
