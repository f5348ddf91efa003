using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>How the losses of tokens become the loss of an optimizer step. All of them are sums of shares: micro-batches add up.</summary>
public enum LossAggregation
{
    /// <summary>
    /// Mean over the tokens of a sequence, then over the group, then over prompts: every sequence counts the same, however long. The
    /// formula of the ViSurf paper and of GRPO (TRL <c>grpo</c>, verl <c>seq-mean-token-mean</c>).
    /// </summary>
    SequenceMean,

    /// <summary>
    /// Mean over all tokens of the step: every token counts the same, so a short label weighs little beside long rollouts (TRL
    /// <c>dapo</c>; <c>bnpo</c> with one micro-batch per step; verl <c>token-mean</c>).
    /// </summary>
    TokenMean,

    /// <summary>
    /// Sum over the tokens of a sequence, then mean over the group and over prompts: the gradient of the sequence's log-probability
    /// (verl <c>seq-mean-token-sum</c>; with a sequence-level ratio TRL <c>luspo</c>).
    /// </summary>
    SequenceSum,

    /// <summary><see cref="SequenceSum"/> divided by <see cref="LossScale.MaxNewTokens"/>: no length bias (Dr.GRPO, TRL <c>dr_grpo</c>).</summary>
    Constant,
}

/// <summary>Reductions named by <see cref="LossAggregation"/>.</summary>
public static class LossAggregationExtensions
{
    /// <summary>The weighted sum of per-token values that these rows add to the step's value.</summary>
    /// <param name="aggregation">Which weights.</param>
    /// <param name="perToken">Floating point [N, T].</param>
    /// <param name="batch">Mask, sequence weights and scale.</param>
    /// <returns>A scalar of the dtype of <paramref name="perToken"/>.</returns>
    public static Tensor Reduce(this LossAggregation aggregation, Tensor perToken, UpdateBatch batch)
    {
        Guard.NotNull(batch);
        var mask = batch.CompletionMask;
        var weights = batch.SequenceWeights.to(perToken.dtype);
        return aggregation switch
        {
            LossAggregation.SequenceMean => (MaskedReduce.RowMeans(perToken, mask) * weights).sum(),
            LossAggregation.TokenMean => MaskedReduce.Sum(perToken, mask).Over(Guard.Positive(batch.Scale.Tokens)),
            LossAggregation.SequenceSum => (MaskedReduce.RowSums(perToken, mask) * weights).sum(),
            LossAggregation.Constant => (MaskedReduce.RowSums(perToken, mask) * weights).sum().Over(Guard.Positive(batch.Scale.MaxNewTokens)),
            _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "Expected one of the LossAggregation names."),
        };
    }
}
