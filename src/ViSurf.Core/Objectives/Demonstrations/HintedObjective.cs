using ViSurf.Core.Common;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Objectives.Demonstrations;

/// <summary>UFT: rollouts continue a hint from the label; the hint is imitated and the continuation reinforced.</summary>
/// <remarks>
/// L = L_RL(tokens of the policy) + c · L_SFT(tokens of the hint) (arXiv 2505.16984), told apart by <see cref="UpdateBatch.LabelTokenMask"/>.
/// <c>PrefixSampler</c> writes such rollouts. A step whose hints are all empty is plain RL. Add the paper's entropy term with
/// <see cref="EntropyBonus"/>. Metrics: the parts' own.
/// </remarks>
/// <param name="reinforcement">The loss of the continuation; null for <see cref="ClippedPolicyObjective"/> with its defaults.</param>
/// <param name="supervised">c, at least 0. 0.001 as in the authors' configuration.</param>
/// <param name="aggregation">Of the supervised part; default: the mean over all hint tokens.</param>
public sealed class HintedObjective(IObjective? reinforcement = null, double supervised = 0.001, LossAggregation aggregation = LossAggregation.TokenMean)
    : IObjective, IWrapper
{
    private readonly SupervisedMixture _mixture = new(reinforcement ?? new ClippedPolicyObjective(), supervised, aggregation);

    IEnumerable<object> IWrapper.Inner => [_mixture];

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => _mixture.Evaluate(current, batch);
}
