using ViSurf.Core.Common;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Objectives;

/// <summary>CISPO: the importance weight is capped, the gradient of the log-probability never is, so that no token falls silent.</summary>
/// <remarks>
/// Per token −sg(min(ρ, ε_high)) · Â · log π_θ (MiniMax-M1, arXiv 2506.13585, eq. 4–5; the lower bound is left out, as in the paper's runs and
/// in TRL), sg = stop-gradient. Checked against TRL's <c>cispo</c>.
/// <para>Metrics: those of <see cref="SurrogateObjective"/> and <c>clip_fraction</c>, tokens with Â &gt; 0 whose weight was capped.</para>
/// </remarks>
/// <param name="cap">ε_high, the largest weight, greater than 0. 5 is TRL's advice after ScaleRL (arXiv 2510.13786).</param>
/// <param name="aggregation">Default: the mean over all tokens, as in the paper.</param>
public sealed class CispoObjective(double cap = 5.0, LossAggregation aggregation = LossAggregation.TokenMean) : IObjective, IWrapper
{
    private readonly SurrogateObjective _objective = new(Surrogate(Guard.Positive(cap)), aggregation);

    IEnumerable<object> IWrapper.Inner => [_objective];

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => _objective.Evaluate(current, batch);

    /// <summary>The formula, for putting together with others.</summary>
    public static Surrogate Surrogate(double cap) => NamedSurrogate.Of($"Cispo(cap {cap})", terms =>
    {
        var weight = terms.Ratio.AtMost(cap).detach();
        var capped = terms.Ratio.IsAbove(cap) & terms.Advantages.IsAbove(0);
        return new SurrogateLoss(-(weight * terms.Advantages * terms.LogProbs)) { TokenMetrics = [("clip_fraction", capped)] };
    });
}
