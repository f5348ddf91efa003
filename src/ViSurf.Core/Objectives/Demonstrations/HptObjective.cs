using ViSurf.Core.Common;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Objectives.Demonstrations;

/// <summary>HPT: hybrid post-training, imitation where the policy fails and reinforcement where it does not.</summary>
/// <remarks>
/// Per token −ρÂ on rollouts and −c · log π on labels, without a clip (arXiv 2509.04419, the "unified policy gradient estimator" with its two ends).
/// The gate lives before the loss: <c>SupervisionGate</c> leaves a failing group its label alone and every other group its rollouts
/// alone. Advantages of the rollouts without a deviation; the label's is not read. Metrics: those of <see cref="SurrogateObjective"/> and
/// <c>label_nll</c>, the labels' share over the step's tokens.
/// </remarks>
/// <param name="supervised">c, at least 0. 1.0; the authors take 0.3 for a 1.5B model.</param>
/// <param name="aggregation">Default: the constant normaliser, which the authors' code has for the reinforced part. Theirs has the mean over tokens for the other one, see docs/decisions.md.</param>
public sealed class HptObjective(double supervised = 1.0, LossAggregation aggregation = LossAggregation.Constant) : IObjective, IWrapper
{
    private readonly SurrogateObjective _objective = new(
        Surrogates.BySource(Surrogates.PolicyGradient, Imitated(Guard.NotNegative(supervised))), aggregation);

    IEnumerable<object> IWrapper.Inner => [_objective];

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => _objective.Evaluate(current, batch);

    private static Surrogate Imitated(double coefficient)
        => NamedSurrogate.Of($"Imitated({coefficient})",
            terms => new SurrogateLoss(terms.LogProbs.Times(-coefficient)) { TokenMetrics = [("label_nll",
                terms.LogProbs.detach().neg())] });
}
