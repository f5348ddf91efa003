using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Rollouts;

/// <summary>Samples completions. A remote engine implements this, reads <see cref="PromptBatch.Prompts"/> and ignores the policy.</summary>
public interface IRolloutSampler
{
    /// <summary>Samples <see cref="RolloutRequest.GroupSize"/> completions for every prompt, prompt-major. Token ids only.</summary>
    /// <returns>Q × G items: all of prompt 0, then all of prompt 1, …</returns>
    IReadOnlyList<SampledTokens> Sample(IPolicy policy, PromptBatch prompts, RolloutRequest request);
}

/// <summary>What is asked of a sampler.</summary>
/// <param name="GroupSize">G, completions per prompt.</param>
/// <param name="MaxNewTokens">Most tokens of a completion, the stop token included.</param>
/// <param name="Seed">
/// Root of all random numbers: same seed and step, same numbers, whatever the batch. On a CPU in float32 that makes the same tokens; on a
/// GPU logits depend on the number of rows in their last bits (docs/training.md, "Rollouts of one seed").
/// </param>
/// <param name="Step">Optimizer step, part of the address of every random number.</param>
/// <param name="Cancellation">Checked at every token.</param>
public sealed record RolloutRequest(int GroupSize, int MaxNewTokens, long Seed, long Step = 0, CancellationToken Cancellation = default)
{
    /// <summary>
    /// How often its example's id came before, for each prompt: part of the address of its random numbers, so that examples that share an id
    /// do not share those. For work that one seed and step does in several requests.
    /// </summary>
    /// <value>null: counted within the request.</value>
    public IReadOnlyList<int>? Occurrences { get; init; }
}

/// <summary>One sampled completion.</summary>
/// <param name="PromptIndex">Its prompt in the batch.</param>
/// <param name="TokenIds">The tokens, the stop token included when one was produced.</param>
/// <param name="LogProbs">
/// Log-probability of each token under the policy at the sampling temperature, before any filter: what <c>Score</c> returns for it.
/// </param>
/// <param name="FinishReason">Why it ended.</param>
public sealed record SampledTokens(int PromptIndex, IReadOnlyList<int> TokenIds, IReadOnlyList<float> LogProbs, FinishReason FinishReason)
{
    /// <summary>Leading tokens that were given and not drawn.</summary>
    /// <value>0.</value>
    public int PrefixTokens { get; init; }
}
