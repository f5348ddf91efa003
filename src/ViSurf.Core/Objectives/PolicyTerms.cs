using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>
/// What a <see cref="Surrogate"/> may see of each token: checked, with the padding emptied, in the dtype of the scores. Borrowed: the
/// tensors live in the dispose scope of whoever evaluates.
/// </summary>
public readonly struct PolicyTerms
{
    private PolicyTerms(Tensor logProbs, Tensor logRatio, Tensor ratio, Tensor? entropy, UpdateBatch batch)
    {
        (LogProbs, LogRatio, Ratio) = (logProbs, logRatio, ratio);
        Mask = batch.CompletionMask;
        FromLabel = batch.LabelTokens();
        Advantages = MaskedReduce.Fill(batch.Advantages.to(logProbs.dtype).expand(logProbs.shape), Mask);
        Entropy = entropy;
        Rewards = batch.Rewards?.to(logProbs.dtype);
    }

    /// <summary>log π_θ [N, T], with gradient.</summary>
    public Tensor LogProbs { get; }

    /// <summary>log ρ of each token [N, T], with gradient, within ±20; 0 in value when there is no old policy.</summary>
    public Tensor LogRatio { get; }

    /// <summary>ρ [N, T] at the objective's <see cref="RatioLevel"/>, with gradient.</summary>
    public Tensor Ratio { get; }

    /// <summary>Â [N, T].</summary>
    public Tensor Advantages { get; }

    /// <summary>bool [N, T]; false where padded.</summary>
    public Tensor Mask { get; }

    /// <summary>bool [N, T]; true where the label wrote the token. See <see cref="UpdateBatch.LabelTokenMask"/>.</summary>
    public Tensor FromLabel { get; }

    /// <summary>Entropy of each token's distribution in nats [N, T], detached; null unless it was scored.</summary>
    public Tensor? Entropy { get; }

    /// <summary>Rewards [N, 1]; null unless the batch has them.</summary>
    public Tensor? Rewards { get; }

    /// <summary>Checks shapes and derives the ratio.</summary>
    /// <exception cref="ArgumentException">Shapes or dtypes do not fit.</exception>
    internal static PolicyTerms Of(TokenScores current, UpdateBatch batch, RatioLevel level = RatioLevel.Token)
    {
        var logProbs = ObjectiveInputs.Check(current, batch);
        var mask = batch.CompletionMask;
        if (batch.Advantages.dim() != 2 || batch.Advantages.shape[1] != 1) TensorGuard.Shape(batch.Advantages, null, logProbs.shape);
        if (batch.Rewards is { } rewards) TensorGuard.Shape(rewards, null, [logProbs.shape[0], 1]);
        var old = batch.OldLogProbs is { } given
            ? MaskedReduce.Fill(TensorGuard.Shape(given, null, logProbs.shape), mask).to(logProbs.dtype)
            : logProbs.detach();
        var logRatio = ObjectiveInputs.LogRatioOf(logProbs, old);
        var entropy = current.Entropy is { } scored ? MaskedReduce.Fill(TensorGuard.Shape(scored, null, logProbs.shape).detach(), mask) : null;
        return new PolicyTerms(logProbs, logRatio, AtLevel(logRatio, logProbs, mask, level).exp(), entropy, batch);
    }

    private static Tensor AtLevel(Tensor logRatio, Tensor logProbs, Tensor mask, RatioLevel level) => level switch
    {
        RatioLevel.Token => logRatio,
        RatioLevel.Sequence => MaskedReduce.RowMeans(logRatio, mask).expand(logRatio.shape),
        RatioLevel.SequenceToken => MaskedReduce.RowMeans(logRatio, mask).detach().Plus(logProbs - logProbs.detach()),
        _ => throw new ArgumentException($"Expected one of the RatioLevel names, got {level}."),
    };
}
