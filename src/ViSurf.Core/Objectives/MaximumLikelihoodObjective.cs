using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>Supervised fine-tuning: negative log-likelihood of the labels. Rollouts in the batch, and all advantages, are ignored.</summary>
/// <remarks>Metrics: <c>nll</c> (the loss) and <c>demonstration_log_prob</c>, the mean over label tokens.</remarks>
/// <param name="aggregation">
/// <see cref="LossAggregation.TokenMean"/> (default, as supervised trainers do) divides by the labels' tokens of the step,
/// <see cref="LossAggregation.SequenceMean"/> and <see cref="LossAggregation.SequenceSum"/> by the labels, <see cref="LossAggregation.Constant"/> by
/// labels × <see cref="LossScale.MaxNewTokens"/>.
/// </param>
public sealed class MaximumLikelihoodObjective(LossAggregation aggregation = LossAggregation.TokenMean) : IObjective
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The step has no label.</exception>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        using var scope = NewDisposeScope();
        var logProbs = ObjectiveInputs.Check(current, batch);
        if (batch.Scale.Demonstrations <= 0 || batch.Scale.DemonstrationTokens <= 0)
        {
            throw new ArgumentException(
                $"Expected labels in the step, got {batch.Scale.Demonstrations} with {batch.Scale.DemonstrationTokens} tokens. "
                + "Supervised fine-tuning learns from labels only: give the examples a Target and inject it.", nameof(batch));
        }
        var labels = batch.CompletionMask & batch.IsDemonstration;
        var nll = -logProbs;
        var loss = aggregation switch
        {
            LossAggregation.TokenMean => MaskedReduce.Sum(nll, labels).Over(batch.Scale.DemonstrationTokens),
            LossAggregation.SequenceMean => MaskedReduce.RowMeans(nll, labels).sum().Over(batch.Scale.Demonstrations),
            LossAggregation.SequenceSum => MaskedReduce.Sum(nll, labels).Over(batch.Scale.Demonstrations),
            LossAggregation.Constant => MaskedReduce.Sum(nll, labels).Over(batch.Scale.Demonstrations * (double)Guard.Positive(batch.Scale.MaxNewTokens)),
            _ => throw new ArgumentException($"Expected one of the LossAggregation names, got {aggregation}."),
        };
        return ObjectiveScope.Result(loss,
        [
            ("nll", loss.detach().clone()),
            ("demonstration_log_prob", MaskedReduce.Sum(logProbs.detach(), labels).Over(batch.Scale.DemonstrationTokens)),
        ]);
    }
}
