using ViSurf.Core.Common;
using ViSurf.Core.Policies;

namespace ViSurf.Core.Objectives.Demonstrations;

/// <summary>Dynamic fine-tuning: supervised fine-tuning whose tokens weigh as much as the policy believes in them.</summary>
/// <remarks>
/// Per label token −sg(p) · log p (arXiv 2508.05629; TRL <c>loss_type="dft"</c>). The factor cancels the 1/p that hides in the gradient of
/// log p, so that a token the policy finds impossible no longer dominates. Metrics: those of <see cref="MaximumLikelihoodObjective"/>.
/// </remarks>
/// <param name="aggregation">Default: the mean over all label tokens.</param>
public sealed class DftObjective(LossAggregation aggregation = LossAggregation.TokenMean) : IObjective, IWrapper
{
    private readonly MaximumLikelihoodObjective _objective = new(aggregation, TokenWeights.Probability);

    IEnumerable<object> IWrapper.Inner => [_objective];

    /// <inheritdoc/>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch) => _objective.Evaluate(current, batch);
}
