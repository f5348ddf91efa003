namespace ViSurf.Core.Data;

/// <summary>Why a completion ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token was produced (it is part of the token ids).</summary>
    Stop,

    /// <summary>The token limit was reached first.</summary>
    Length,
}

/// <summary>Who wrote a completion.</summary>
public enum CompletionSource
{
    /// <summary>Sampled from the policy.</summary>
    Policy,

    /// <summary>The label, injected into the group.</summary>
    Demonstration,
}

/// <summary>One answer to a prompt: a rollout, or the label in the rollouts' form.</summary>
/// <param name="TokenIds">Token ids, the stop token included when there is one.</param>
/// <param name="Text">
/// The decoded text without special tokens, after what the prompt itself wrote of the answer (the opened thought of a thinking model): what
/// rewards read.
/// </param>
/// <param name="FinishReason">Why it ended.</param>
/// <param name="Source">Who wrote it.</param>
public sealed record Completion(IReadOnlyList<int> TokenIds, string Text, FinishReason FinishReason, CompletionSource Source)
{
    /// <summary>Leading tokens of a rollout that were given to it, from the label: a hint or a prefix that it continues.</summary>
    /// <value>0.</value>
    public int PrefixTokens { get; init; }

    /// <summary>The sampler's log-probability of each token when it was drawn; null for a label or when the sampler gives none.</summary>
    public IReadOnlyList<float>? LogProbs { get; init; }

    /// <summary>
    /// Whether an earlier step's weights drew this: its ratio is then taken against <see cref="LogProbs"/>, and not against the policy at the
    /// beginning of the step.
    /// </summary>
    public bool Replayed { get; init; }

    /// <summary>A completion of which only the text matters, for trying a reward by hand.</summary>
    public static Completion OfText(string text, CompletionSource source = CompletionSource.Policy)
        => new([], text, FinishReason.Stop, source);
}

/// <summary>An example with all its completions; groups may differ in size (an example without a label has one row less).</summary>
/// <param name="Example">The example.</param>
/// <param name="Completions">Rollouts first, the label (when there is one) last.</param>
public sealed record RolloutGroup(VisionExample Example, IReadOnlyList<Completion> Completions)
{
    /// <summary>The policy's completions, without the label, in order.</summary>
    internal IEnumerable<Completion> Rollouts => Completions.Where(c => c.Source == CompletionSource.Policy);
}
