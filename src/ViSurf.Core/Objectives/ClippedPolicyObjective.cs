using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>The clipped policy gradient of the GRPO family on all rows, labels included when there are any.</summary>
/// <remarks>
/// Per token −min(ρÂ, clip(ρ, 1−ε_low, 1+ε_high)Â), with ρ = π_θ/π_old, reduced as <see cref="LossAggregation"/> says. The defaults are GRPO
/// (arXiv 2402.03300) without its KL term, which <see cref="KlPenalty"/> adds. Checked against TRL's <c>GRPOTrainer</c>:
/// <c>grpo</c>, <c>bnpo</c>, <c>dr_grpo</c>, <c>dapo</c>, <c>luspo</c>.
/// <para>Metrics: <c>policy_loss</c>; over the step's tokens the means <c>clip_fraction</c> (tokens whose gradient the clip removed),
/// <c>ratio</c>, <c>approx_kl</c> (k3 of π_old against π_θ) and, when there, <c>entropy</c>.</para>
/// </remarks>
/// <param name="options">Null for the defaults.</param>
public sealed class ClippedPolicyObjective(ClippedPolicyOptions? options = null) : IObjective
{
    /// <summary>The knobs.</summary>
    public ClippedPolicyOptions Options { get; } = options ?? new ClippedPolicyOptions();

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        using var scope = NewDisposeScope();
        var inputs = ObjectiveInputs.Of(current, batch);
        var logRatio = Options.RatioLevel switch
        {
            RatioLevel.Token => inputs.LogRatio,
            RatioLevel.Sequence => MaskedReduce.RowMeans(inputs.LogRatio, inputs.Mask).expand(inputs.LogRatio.shape),
            _ => throw new ArgumentException($"Expected one of the RatioLevel names, got {Options.RatioLevel}."),
        };
        var ratio = logRatio.exp();
        var clipped = ratio.Between(1 - Options.ClipLow, 1 + Options.ClipHigh);
        var free = Options.RatioCap is { } cap ? ratio.AtMost(cap) : ratio;
        var loss = Options.Aggregation.Reduce(-minimum(free * inputs.Advantages, clipped * inputs.Advantages), batch);

        var metrics = new List<(string, Tensor)>
        {
            ("policy_loss", loss.detach().clone()),
            ("clip_fraction", ObjectiveInputs.TokenShare(Clipped(ratio, inputs.Advantages).to(ratio.dtype), batch)),
            ("ratio", ObjectiveInputs.TokenShare(ratio, batch)),
            ("approx_kl", ObjectiveInputs.TokenShare(ObjectiveInputs.K3(inputs.LogRatio), batch)),
        };
        if (current.Entropy is { } entropy) metrics.Add(("entropy", ObjectiveInputs.TokenShare(entropy, batch)));
        return ObjectiveScope.Result(loss, metrics);
    }

    private Tensor Clipped(Tensor ratio, Tensor advantages)
        => (ratio.IsBelow(1 - Options.ClipLow) & advantages.IsBelow(0)) | (ratio.IsAbove(1 + Options.ClipHigh) & advantages.IsAbove(0));
}
