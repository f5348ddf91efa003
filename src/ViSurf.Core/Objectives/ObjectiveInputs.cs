using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>Checked inputs of an objective with the padding emptied; all in the dtype of the scores. Lives in the caller's dispose scope.</summary>
internal readonly struct ObjectiveInputs
{
    /// <summary>e^20 is far outside any clip range; beyond it float32 would overflow and turn the whole step into NaN.</summary>
    private const double LargestLogRatio = 20;

    private ObjectiveInputs(Tensor logProbs, Tensor logRatio, UpdateBatch batch)
    {
        LogProbs = logProbs;
        LogRatio = logRatio;
        Mask = batch.CompletionMask;
        Advantages = batch.Advantages.to(logProbs.dtype).expand(logProbs.shape);
        Advantages = MaskedReduce.Fill(Advantages, Mask);
    }

    /// <summary>[N, T], with gradient.</summary>
    public Tensor LogProbs { get; }

    /// <summary>[N, T] log ρ, with gradient; 0 in value when there is no old policy.</summary>
    public Tensor LogRatio { get; }

    /// <summary>[N, T].</summary>
    public Tensor Advantages { get; }

    /// <summary>bool [N, T].</summary>
    public Tensor Mask { get; }

    public static ObjectiveInputs Of(TokenScores current, UpdateBatch batch)
    {
        var logProbs = Check(current, batch);
        var advantages = batch.Advantages;
        if (advantages.dim() != 2 || advantages.shape[1] != 1) TensorGuard.Shape(advantages, null, logProbs.shape);
        var old = batch.OldLogProbs is { } given
            ? MaskedReduce.Fill(TensorGuard.Shape(given, null, logProbs.shape), batch.CompletionMask).to(logProbs.dtype)
            : logProbs.detach();
        return new ObjectiveInputs(logProbs, LogRatioOf(logProbs, old), batch);
    }

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
        return MaskedReduce.Fill(current.LogProbs, batch.CompletionMask);
    }

    public static Tensor LogRatioOf(Tensor numerator, Tensor denominator)
        => (numerator - denominator).Between(-LargestLogRatio, LargestLogRatio);

    /// <summary>
    /// The estimator "k3" of KL(p ‖ q) from samples of p, given log q − log p: e^x − x − 1, unbiased and never negative
    /// (Schulman, "Approximating KL divergence", 2020).
    /// </summary>
    public static Tensor K3(Tensor logRatio) => (logRatio.exp() - logRatio).Minus(1);

    /// <summary>These rows' share of the mean over all tokens of the step.</summary>
    public static Tensor TokenShare(Tensor perToken, UpdateBatch batch)
        => LossAggregation.TokenMean.Reduce(perToken.detach(), batch);
}
