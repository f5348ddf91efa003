using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>The objective of ViSurf: the label is the (G+1)-th member of the rollout group and is treated like one.</summary>
/// <remarks>
/// <code>
/// L = − mean over prompts of  1/(G+1) · Σ_i 1/|i| · Σ_t min(ρ_{i,t} Â_i, clip(ρ_{i,t}, 1−ε, 1+ε) Â_i),    i ∈ {o_1 … o_G, y}
/// ρ_{i,t} = π_θ(i_t | v, x, i_&lt;t) / π_old(i_t | v, x, i_&lt;t)
/// </code>
/// (arXiv 2510.10606; |i| = tokens of i.) π_old of the label comes from scoring it with the same weights as the rollouts. At ρ = 1, the case
/// of one update per rollout batch, the gradient is that of RLVR on the rollouts plus Â_y/(G+1) times that of supervised fine-tuning on
/// the label: the weight of supervision is the label's advantage, and no coefficient mixes the two.
/// <para>The arithmetic is <see cref="ClippedPolicyObjective"/>'s; this adds what one wants to see of the label. Metrics, beside those:
/// <c>demonstration_weight</c> (Σ of Â_y/(G+1) over prompts, in units of the mean over prompts: the weight of supervision in this step's
/// gradient), and means over the step's labels <c>demonstration_advantage</c>, <c>demonstration_log_prob</c> (per token) and
/// <c>demonstration_ratio</c>.</para>
/// </remarks>
/// <param name="options">Null for the paper's setting.</param>
public sealed class ViSurfObjective(ClippedPolicyOptions? options = null) : IObjective, IDescribed
{
    private readonly ClippedPolicyObjective _group = new(options);

    /// <summary>The knobs.</summary>
    public ClippedPolicyOptions Options => _group.Options;

    string IDescribed.Description => FormattableString.Invariant($"ViSurfObjective({Options.Text})");

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        var result = _group.Evaluate(current, batch);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var terms = PolicyTerms.Of(current, batch);
        var advantages = MaskedReduce.RowMeans(terms.Advantages, terms.Mask);
        var labels = Math.Max(1, batch.Scale.Demonstrations);
        return ObjectiveScope.Result(result.Loss, result.Metrics.Concat(
        [
            ("demonstration_weight", Labels(advantages * batch.SequenceWeights.to(advantages.dtype), batch)),
            ("demonstration_advantage", Labels(advantages, batch).Over(labels)),
            ("demonstration_log_prob", Labels(MaskedReduce.RowMeans(terms.LogProbs, terms.Mask), batch).Over(labels)),
            ("demonstration_ratio", Labels(MaskedReduce.RowMeans(terms.LogRatio.exp(), terms.Mask), batch).Over(labels)),
        ]));
    }

    private static Tensor Labels(Tensor perRow, UpdateBatch batch) => MaskedReduce.Sum(perRow, batch.IsDemonstration);
}
