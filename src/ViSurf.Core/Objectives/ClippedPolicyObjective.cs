using ViSurf.Core.Common;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Objectives;

/// <summary>The clipped policy gradient of the GRPO family on all rows, labels included when there are any.</summary>
/// <remarks>
/// Per token −min(ρÂ, clip(ρ, 1−ε_low, 1+ε_high)Â), with ρ = π_θ/π_old, reduced as <see cref="LossAggregation"/> says. The defaults are GRPO
/// (arXiv 2402.03300) without its KL term, which <see cref="KlPenalty"/> adds; <see cref="ClippedPolicyOptions.Dapo"/> and its neighbours
/// are other numbers for the same formula. Checked against TRL's <c>GRPOTrainer</c>: <c>grpo</c>, <c>bnpo</c>, <c>dr_grpo</c>, <c>dapo</c>,
/// <c>luspo</c>, with token and sequence ratios.
/// <para>Metrics: <c>policy_loss</c>; over the step's tokens the means <c>clip_fraction</c> (tokens whose gradient the clip removed; also by side),
/// <c>ratio</c>, <c>approx_kl</c> (k3 of π_old against π_θ) and, when there, <c>entropy</c>.</para>
/// </remarks>
/// <param name="options">Null for the defaults.</param>
public sealed class ClippedPolicyObjective(ClippedPolicyOptions? options = null) : IObjective, IDescribed
{
    private readonly SurrogateObjective _objective = Build(options ?? new ClippedPolicyOptions());

    /// <summary>The knobs.</summary>
    public ClippedPolicyOptions Options { get; } = options ?? new ClippedPolicyOptions();

    string IDescribed.Description => FormattableString.Invariant($"ClippedPolicyObjective({Options.Text})");

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => _objective.Evaluate(current, batch);

    private static SurrogateObjective Build(ClippedPolicyOptions options)
        => new(Surrogates.Clipped(options.ClipLow, options.ClipHigh, options.RatioCap), options.Aggregation, options.RatioLevel);
}
