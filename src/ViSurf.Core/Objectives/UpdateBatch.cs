using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>Sizes of the whole optimizer step, counted once before it is cut into micro-batches.</summary>
/// <param name="Tokens">Completion tokens of all rows.</param>
/// <param name="DemonstrationTokens">Completion tokens that a label wrote.</param>
/// <param name="Sequences">Rows, labels included.</param>
/// <param name="Demonstrations">Labels.</param>
/// <param name="MaxNewTokens">The rollout limit, for length-independent constants (Dr.GRPO).</param>
public sealed record LossScale(long Tokens, long DemonstrationTokens, int Sequences, int Demonstrations, int MaxNewTokens)
{
    /// <summary>Rollouts that begin with tokens of the label (a hint or a prefix); those tokens count as <see cref="DemonstrationTokens"/>.</summary>
    /// <value>0.</value>
    public int Prefixed { get; init; }
}

/// <summary>Everything an objective may see of a micro-batch of N rows. Owns its tensors; all on the device of the scores.</summary>
/// <remarks>After disposal every tensor of it is an <see cref="ObjectDisposedException"/>.</remarks>
public sealed class UpdateBatch : IDisposable
{
    private bool _disposed;

    /// <summary>float32 [N, 1] or [N, T].</summary>
    public required Tensor Advantages { get => Alive(field); init; }

    /// <summary>bool [N, T]; false where padded.</summary>
    public required Tensor CompletionMask { get => Alive(field); init; }

    /// <summary>bool [N, 1]; true for labels.</summary>
    public required Tensor IsDemonstration { get => Alive(field); init; }

    /// <summary>
    /// float32 [N, 1]: 1 / (prompts × group size), the weight of a row in "mean over the group, then mean over prompts".
    /// Sums to 1 over the step; equals 1 / <see cref="LossScale.Sequences"/> when all groups have the same size.
    /// </summary>
    public required Tensor SequenceWeights { get => Alive(field); init; }

    /// <summary>The whole step's sizes.</summary>
    public required LossScale Scale { get; init; }

    /// <summary>
    /// float32 [N, T], log π_old; null when the rollouts come from the current weights (one update per rollout batch), which means
    /// "current, detached": the ratio is 1 and its gradient is that of the log-probability.
    /// </summary>
    public Tensor? OldLogProbs { get => Alive(field); init; }

    /// <summary>float32 [N, T], log π_ref; null when nothing asks for a reference policy.</summary>
    public Tensor? ReferenceLogProbs { get => Alive(field); init; }

    /// <summary>
    /// bool [N, T], true where the label wrote the token: a rollout may begin with a hint or prefix of it. Null when labels come as whole rows
    /// only, which means <see cref="IsDemonstration"/> for every token of the row.
    /// </summary>
    public Tensor? LabelTokenMask { get => Alive(field); init; }

    /// <summary>
    /// bool [N, T], the tokens that the policy-gradient term acts on, for instance those of <see cref="TopEntropy"/>; null for all. Sizes are
    /// still counted over all tokens, and KL, entropy and supervised terms act on all.
    /// </summary>
    public Tensor? PolicyTokenMask { get => Alive(field); init; }

    /// <summary>float32 [N, 1], the rewards that the advantages were made from; null when nothing asks for them.</summary>
    public Tensor? Rewards { get => Alive(field); init; }

    /// <summary>Index of the step, 0 for the first: what coefficients with a schedule depend on.</summary>
    /// <value>0.</value>
    public long Step { get; init; }

    /// <summary>bool [N, T], true for tokens that the label wrote, padding excluded. The caller owns it.</summary>
    public Tensor LabelTokens()
        => CompletionMask & (LabelTokenMask ?? IsDemonstration);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        Advantages.Dispose();
        CompletionMask.Dispose();
        IsDemonstration.Dispose();
        SequenceWeights.Dispose();
        OldLogProbs?.Dispose();
        ReferenceLogProbs?.Dispose();
        LabelTokenMask?.Dispose();
        PolicyTokenMask?.Dispose();
        Rewards?.Dispose();
        _disposed = true;
    }

    private T Alive<T>(T held) => DisposeGuard.Alive(held, _disposed, this);
}
