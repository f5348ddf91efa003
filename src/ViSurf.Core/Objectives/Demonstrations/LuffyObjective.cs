using ViSurf.Core.Common;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Objectives.Demonstrations;

/// <summary>LUFFY: the label joins the group off-policy, and a shaping function lets its unlikely tokens be heard.</summary>
/// <remarks>
/// J = mean over rows of 1/Z · [Σ_t ρÂ on rollouts, Σ_t f(p)Â on labels], f(p) = p/(p + γ), without a clip, Z a constant: the response limit
/// (arXiv 2504.14945). The probability of the label under its author is taken as 1, so its importance weight is p; shaped,
/// ∂f/∂log p = γp/(p + γ)² is largest (1/4) at p = γ, where the plain weight would already be γ and falling. Advantages: the mean includes the
/// label, no deviation (<c>AdvantageEstimators.MeanCentered()</c>). The reference implementation sums rows where this takes their mean: a
/// factor that Adam does not see and that gradient clipping does.
/// <para>Metrics: those of <see cref="SurrogateObjective"/> and over the step's tokens <c>label_shaped</c>, the share of f(p).</para>
/// </remarks>
/// <param name="gamma">γ, greater than 0. 0.1 as in the paper.</param>
/// <param name="aggregation">Default: the constant normaliser.</param>
public sealed class LuffyObjective(double gamma = 0.1, LossAggregation aggregation = LossAggregation.Constant) : IObjective, IWrapper
{
    private readonly SurrogateObjective _objective = new(Surrogates.BySource(Surrogates.PolicyGradient, Shaped(gamma)), aggregation);

    IEnumerable<object> IWrapper.Inner => [_objective];

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => _objective.Evaluate(current, batch);

    /// <summary>−f(p)Â, f(p) = p/(p + γ) = σ(log p − log γ).</summary>
    public static Surrogate Shaped(double gamma)
    {
        var shift = -Math.Log(Guard.Positive(gamma));
        return NamedSurrogate.Of($"Shaped({gamma})", terms =>
        {
            var shaped = terms.LogProbs.Plus(shift).sigmoid();
            return new SurrogateLoss(-(shaped * terms.Advantages)) { TokenMetrics = [("label_shaped", shaped.detach())] };
        });
    }
}
