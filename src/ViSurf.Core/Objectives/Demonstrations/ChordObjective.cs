using ViSurf.Core.Common;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Objectives.Demonstrations;

/// <summary>CHORD: from off-policy experts to on-policy exploration, by a global coefficient μ and, optionally, a weight φ for each token.</summary>
/// <remarks>
/// L = (1 − μ) · L_GRPO(rollouts) + μ · L_SFT(labels), each averaged over its own rows (arXiv 2508.11408). CHORD-μ moves μ
/// (<see cref="Coefficient.WarmUpThenCosine"/>) with φ = 1; CHORD-φ keeps μ and weighs each label token by φ = sg(p(1 − p)), which asks
/// for what the policy is unsure of. A constant μ with φ = 1 is Trinity-RFT's MIX. Metrics: the parts' own.
/// </remarks>
public sealed class ChordObjective : IObjective, IWrapper
{
    private readonly WeightedSum _sum;

    /// <summary>A chord of two losses.</summary>
    /// <param name="mu">μ of each step, in [0, 1]; 0.1 constant is Trinity-RFT's default.</param>
    /// <param name="phi">Weight of a label token; null for 1 (CHORD-μ), <see cref="TokenWeights.Uncertainty"/> for CHORD-φ.</param>
    /// <param name="reinforcement">The loss of the rollouts; null for <see cref="ClippedPolicyObjective"/> with its defaults.</param>
    /// <param name="aggregation">Of the supervised part; default: the mean over all label tokens.</param>
    public ChordObjective(
        CoefficientSchedule mu, TokenWeight? phi = null, IObjective? reinforcement = null, LossAggregation aggregation = LossAggregation.TokenMean)
    {
        Guard.NotNull(mu);
        _sum = new WeightedSum(
            new ObjectiveTerm(new SourceOnly(TokenSource.Policy, reinforcement ?? new ClippedPolicyObjective()), step => 1 - Mu(step)),
            new ObjectiveTerm(new MaximumLikelihoodObjective(aggregation, phi) { LabelsRequired = false }, Mu));

        double Mu(long step) => Guard.InRange(mu(step), 0.0, 1.0);
    }

    IEnumerable<object> IWrapper.Inner => [_sum];

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">μ left [0, 1].</exception>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => _sum.Evaluate(current, batch);
}
