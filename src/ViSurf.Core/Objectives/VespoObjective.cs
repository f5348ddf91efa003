using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>Shape of <see cref="VespoObjective"/>'s weight for one sign of the advantage.</summary>
/// <param name="Power">k: how fast sequences that the policy has left (w &lt; 1) lose weight. Not negative.</param>
/// <param name="Decay">λ: how fast sequences that it has moved towards (w &gt; 1) lose weight. At least 1e-4.</param>
public sealed record GammaShape(double Power, double Decay);

/// <summary>VESPO: a smooth weight on the ratio of the whole sequence, largest near w = k/λ and falling on both sides, in place of a clip.</summary>
/// <remarks>
/// Per token −sg(φ(w)) · Â · log π_θ, φ(w) = e^λ · w^k · e^(−λw), w = Π_t ρ_t within [1e-8, e^20], φ(1) = 1 (arXiv 2602.10693). k and λ
/// depend on the sign of Â. Checked against TRL's <c>vespo</c>.
/// <para>Metrics: those of <see cref="SurrogateObjective"/> and <c>phi</c>, the mean weight over sequences.</para>
/// </remarks>
/// <param name="positive">For Â ≥ 0; null for k = 2, λ = 3, as in TRL.</param>
/// <param name="negative">For Â &lt; 0; null for k = 3, λ = 2, as in TRL.</param>
/// <param name="aggregation">Default: the mean over all tokens.</param>
public sealed class VespoObjective(GammaShape? positive = null, GammaShape? negative = null, LossAggregation aggregation = LossAggregation.TokenMean)
    : IObjective, IWrapper
{
    private static readonly double SmallestLogWeight = Math.Log(1e-8);

    private readonly SurrogateObjective _objective = new(Surrogate(positive ?? new GammaShape(2, 3), negative ?? new GammaShape(3, 2)), aggregation);

    IEnumerable<object> IWrapper.Inner => [_objective];

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => _objective.Evaluate(current, batch);

    /// <summary>The formula, for putting together with others.</summary>
    public static Surrogate Surrogate(GammaShape positive, GammaShape negative)
    {
        Check(positive);
        Check(negative);
        return NamedSurrogate.Of($"Vespo(k {positive.Power}, λ {positive.Decay}; k {negative.Power}, λ {negative.Decay})", terms =>
        {
            var logWeight = MaskedReduce.RowSums(terms.LogRatio.detach(), terms.Mask).Between(SmallestLogWeight, 20);
            var (up, down) = (Phi(logWeight, positive), Phi(logWeight, negative));
            var phi = where(terms.Advantages.IsBelow(0), down, up);
            return new SurrogateLoss(-(phi * terms.Advantages * terms.LogProbs))
            {
                SequenceMetrics = [("phi", MaskedReduce.RowMeans(phi, terms.Mask))],
            };
        });
    }

    /// <summary>In log space, where nothing overflows: λ + k·log w − λ·w is at most k·log(k/λ) − k + λ.</summary>
    private static Tensor Phi(Tensor logWeight, GammaShape shape)
        => (logWeight.Times(shape.Power) - logWeight.exp().Times(shape.Decay)).Plus(shape.Decay).exp();

    private static void Check(GammaShape shape)
    {
        Guard.NotNegative(Guard.NotNull(shape).Power);
        Guard.InRange(shape.Decay, 1e-4, double.MaxValue);
    }
}
