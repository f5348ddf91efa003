using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>SAPO: a sigmoid in place of the clip, so that a token's gradient fades with its distance from ρ = 1 and never stops.</summary>
/// <remarks>
/// Per token −(4/τ) · σ(τ(ρ − 1)) · Â (arXiv 2511.20347). The factor 4/τ makes the gradient at ρ = 1 that of −ρÂ; τ is larger for
/// Â ≤ 0, whose gradients spread over many unchosen tokens and upset training more. Checked against TRL's <c>sapo</c>.
/// </remarks>
/// <param name="positive">τ where Â &gt; 0, greater than 0. 1.0 as in the paper.</param>
/// <param name="negative">τ elsewhere, greater than 0. 1.05 as in the paper.</param>
/// <param name="aggregation">Default: the mean over a sequence, then over sequences.</param>
public sealed class SapoObjective(double positive = 1.0, double negative = 1.05,
    LossAggregation aggregation = LossAggregation.SequenceMean) : IObjective, IWrapper
{
    private readonly SurrogateObjective _objective = new(Surrogate(Guard.Positive(positive), Guard.Positive(negative)), aggregation);

    IEnumerable<object> IWrapper.Inner => [_objective];

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => _objective.Evaluate(current, batch);

    /// <summary>The formula, for putting together with others.</summary>
    public static Surrogate Surrogate(double positive, double negative) => NamedSurrogate.Of($"Sapo({positive}, {negative})", terms =>
    {
        var gate = where(terms.Advantages.IsAbove(0), Gate(terms.Ratio, positive), Gate(terms.Ratio, negative));
        return -(gate * terms.Advantages);
    });

    private static Tensor Gate(Tensor ratio, double temperature) => ratio.Plus(-1.0).Times(temperature).sigmoid().Times(4 / temperature);
}
