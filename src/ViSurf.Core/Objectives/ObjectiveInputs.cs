using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>What all objectives do to their inputs before the maths begins.</summary>
internal static class ObjectiveInputs
{
    /// <summary>e^20 is far outside any clip range; beyond it float32 would overflow and turn the whole step into NaN.</summary>
    private const double LargestLogRatio = 20;

    /// <summary>Current log-probabilities with empty padding, after the shapes were checked.</summary>
    public static Tensor Check(TokenScores current, UpdateBatch batch)
    {
        Guard.NotNull(current);
        Guard.NotNull(batch);
        var rows = current.LogProbs.shape[0];
        TensorGuard.Shape(batch.CompletionMask, ScalarType.Bool, current.LogProbs.shape);
        TensorGuard.Shape(batch.Advantages, null, [rows, -1]);
        TensorGuard.Shape(batch.IsDemonstration, ScalarType.Bool, [rows, 1]);
        TensorGuard.Shape(batch.SequenceWeights, null, [rows, 1]);
        if (batch.LabelTokenMask is { } label) TensorGuard.Shape(label, ScalarType.Bool, current.LogProbs.shape);
        if (batch.PolicyTokenMask is { } policy) TensorGuard.Shape(policy, ScalarType.Bool, current.LogProbs.shape);
        return MaskedReduce.Fill(current.LogProbs, batch.CompletionMask);
    }

    /// <summary>log π_ref [N, T] with empty padding.</summary>
    /// <exception cref="ArgumentException">There is none, or its shape does not fit.</exception>
    public static Tensor Reference(UpdateBatch batch, Tensor logProbs, string asker)
        => batch.ReferenceLogProbs is { } given
            ? MaskedReduce.Fill(TensorGuard.Shape(given, null, logProbs.shape), batch.CompletionMask).to(logProbs.dtype)
            : throw new ArgumentException(
                $"Expected ReferenceLogProbs, got null. A KL penalty needs a reference policy: score the batch with one, or drop {asker}.", nameof(batch));

    /// <summary>The entropies with empty padding, with gradient.</summary>
    /// <exception cref="ArgumentException">There are none, or their shape does not fit.</exception>
    public static Tensor Entropy(TokenScores current, UpdateBatch batch, string asker)
        => current.Entropy is { } given
            ? MaskedReduce.Fill(TensorGuard.Shape(given, null, current.LogProbs.shape), batch.CompletionMask)
            : throw new ArgumentException(
                $"Expected scores with entropy, got none. Score with SequenceBatch.WithEntropy = true, or drop {asker}.", nameof(current));

    public static Tensor LogRatioOf(Tensor numerator, Tensor denominator)
        => (numerator - denominator).Between(-LargestLogRatio, LargestLogRatio);

    /// <summary>These rows' share of the mean over all tokens of the step.</summary>
    public static Tensor TokenShare(Tensor perToken, UpdateBatch batch)
        => LossAggregation.TokenMean.Reduce(perToken.detach(), batch);

    /// <summary>These rows' share of the mean over the group, then over prompts, of one number per row [N, 1].</summary>
    public static Tensor RowShare(Tensor perRow, UpdateBatch batch)
        => (perRow.detach() * batch.SequenceWeights.to(perRow.dtype)).sum();
}
