using ViSurf.Core.Common;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Objectives.Demonstrations;

/// <summary>RL on the rollouts plus λ times supervised fine-tuning on the labels: the baseline that every method of this folder is compared with.</summary>
/// <remarks>
/// L = L_RL(rollouts) + λ · L_SFT(labels), each part averaged over its own rows (LUFFY's "RL w/ SFT loss", arXiv 2504.14945). Give it
/// advantages whose mean and deviation leave the label out; the label's own advantage is not read. Metrics: the parts' own.
/// </remarks>
/// <param name="reinforcement">The loss of the rollouts, for instance <see cref="ClippedPolicyObjective"/>.</param>
/// <param name="supervised">λ, at least 0.</param>
/// <param name="aggregation">Of the supervised part; default: the mean over all label tokens.</param>
public sealed class SupervisedMixture(IObjective reinforcement, double supervised,
    LossAggregation aggregation = LossAggregation.TokenMean) : IObjective, IWrapper
{
    private readonly WeightedSum _sum = new(
        new ObjectiveTerm(new SourceOnly(TokenSource.Policy, reinforcement)),
        new ObjectiveTerm(new MaximumLikelihoodObjective(aggregation) { LabelsRequired = false }, Guard.NotNegative(supervised)));

    IEnumerable<object> IWrapper.Inner => [_sum];

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => _sum.Evaluate(current, batch);
}
