using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>Supervised fine-tuning: negative log-likelihood of the tokens that labels wrote. Rollouts in the batch, and all advantages, are ignored.</summary>
/// <remarks>
/// Per token −sg(w) · log π_θ, with w = 1 unless a weight is given. Metrics: <c>nll</c> (the loss; with a weight it is without it, and
/// <c>supervised_loss</c> is with it) and <c>demonstration_log_prob</c>, the mean over label tokens.
/// </remarks>
/// <param name="aggregation">
/// <see cref="LossAggregation.TokenMean"/> (default, as supervised trainers do) divides by the labels' tokens of the step,
/// <see cref="LossAggregation.SequenceMean"/> and <see cref="LossAggregation.SequenceSum"/> by the labels, <see cref="LossAggregation.Constant"/> by
/// labels × <see cref="LossScale.MaxNewTokens"/>. A rollout that begins with tokens of a label counts as one.
/// </param>
/// <param name="weight">Null for 1.</param>
public sealed class MaximumLikelihoodObjective(LossAggregation aggregation = LossAggregation.TokenMean,
    TokenWeight? weight = null) : IObjective, IDescribed
{
    /// <summary>
    /// Whether a step without a label is an error. As a term of a sum it need not be: the term is 0 then.
    /// </summary>
    /// <value>true: alone, it would learn nothing in silence.</value>
    public bool LabelsRequired { get; init; } = true;

    string IDescribed.Description
        => FormattableString.Invariant($"MaximumLikelihoodObjective({aggregation}, weight {(weight is null ? "1" : Descriptions.Of(weight))})");

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The step has no label.</exception>
    public ObjectiveResult Evaluate(TokenScores current, UpdateBatch batch)
    {
        using var scope = NewDisposeScope();
        var logProbs = ObjectiveInputs.Check(current, batch);
        var sequences = batch.Scale.Demonstrations + batch.Scale.Prefixed;
        if (LabelsRequired && (sequences <= 0 || batch.Scale.DemonstrationTokens <= 0))
        {
            throw new ArgumentException(
                $"Expected labels in the step, got {sequences} with {batch.Scale.DemonstrationTokens} tokens. "
                + "Supervised fine-tuning learns from labels only: give the examples a Target and inject it.", nameof(batch));
        }
        var labels = batch.LabelTokens();
        var nll = -logProbs;
        var loss = Reduce(weight is null ? nll : nll * weight(logProbs.detach()).detach(), labels, sequences, batch.Scale);
        var metrics = new List<(string, Tensor)>
        {
            ("nll", (weight is null ? loss : Reduce(nll, labels, sequences, batch.Scale)).detach().clone()),
            ("demonstration_log_prob", MaskedReduce.Sum(logProbs.detach(), labels).Over(Math.Max(1, batch.Scale.DemonstrationTokens))),
        };
        if (weight is not null) metrics.Add(("supervised_loss", loss.detach().clone()));
        return ObjectiveScope.Result(loss, metrics);
    }

    private Tensor Reduce(Tensor perToken, Tensor labels, int sequences, LossScale scale)
    {
        var rows = Math.Max(1, sequences);
        return aggregation switch
        {
            LossAggregation.TokenMean => MaskedReduce.Sum(perToken, labels).Over(Math.Max(1, scale.DemonstrationTokens)),
            LossAggregation.SequenceMean => MaskedReduce.RowMeans(perToken, labels).sum().Over(rows),
            LossAggregation.SequenceSum => MaskedReduce.Sum(perToken, labels).Over(rows),
            LossAggregation.Constant => MaskedReduce.Sum(perToken, labels).Over(rows * (double)Guard.Positive(scale.MaxNewTokens)),
            _ => throw new ArgumentException($"Expected one of the LossAggregation names, got {aggregation}."),
        };
    }
}
