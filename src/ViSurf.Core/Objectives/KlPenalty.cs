using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>Adds coefficient × KL(π_θ ‖ π_ref) to any objective, as TRL does for <c>beta</c>.</summary>
/// <remarks>
/// Per token the estimator k3, e^x − x − 1 with x = log π_ref − log π_θ, on all rows, labels included. ViSurf itself uses none. Metric: <c>kl</c>,
/// the mean over the step's tokens, without the coefficient.
/// </remarks>
/// <param name="inner">The objective to add to.</param>
/// <param name="coefficient">β, at least 0; 0.04 in GRPO, 1e-2 in VisionReasoner.</param>
/// <param name="aggregation">How token penalties become one; give it the inner objective's.</param>
public sealed class KlPenalty(IObjective inner, double coefficient, LossAggregation aggregation = LossAggregation.SequenceMean) : IObjective
{
    private readonly IObjective _inner = Guard.NotNull(inner);
    private readonly double _coefficient = Guard.NotNegative(coefficient);

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch has no reference log-probabilities.</exception>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        using var scope = NewDisposeScope();
        var logProbs = ObjectiveInputs.Check(current, batch);
        if (batch.ReferenceLogProbs is not { } given)
        {
            throw new ArgumentException(
                "Expected ReferenceLogProbs, got null. A KL penalty needs a reference policy: score the batch with one, or drop KlPenalty.", nameof(batch));
        }
        var reference = MaskedReduce.Fill(TensorGuard.Shape(given, null, logProbs.shape), batch.CompletionMask).to(logProbs.dtype);
        var perToken = ObjectiveInputs.K3(ObjectiveInputs.LogRatioOf(reference, logProbs));
        var penalty = aggregation.Reduce(perToken, batch).Times(_coefficient);
        using var result = _inner.Evaluate(current, batch);
        return ObjectiveScope.Result(result.Loss.Plus(penalty),
            [.. result.Metrics.Select(m => (m.Name, m.Value.alias())), ("kl", ObjectiveInputs.TokenShare(perToken, batch))]);
    }
}
