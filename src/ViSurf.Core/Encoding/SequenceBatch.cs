using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Encoding;

/// <summary>
/// Completions padded on the right, each pointing at its prompt, so that a policy computes picture and prompt once per group.
/// Column t belongs to completion token t. Owns <see cref="PromptIndex"/>, <see cref="CompletionIds"/> and
/// <see cref="CompletionMask"/>, not the prompts. Made by <see cref="Collator"/>.
/// </summary>
public sealed class SequenceBatch : IDisposable
{
    private bool _disposed;

    internal SequenceBatch(PromptBatch prompts, Tensor promptIndex, Tensor completionIds, Tensor completionMask)
    {
        Prompts = prompts;
        PromptIndex = TensorGuard.Shape(promptIndex, ScalarType.Int64, [-1]);
        CompletionIds = TensorGuard.Shape(completionIds, ScalarType.Int64, [promptIndex.shape[0], -1]);
        CompletionMask = TensorGuard.Shape(completionMask, ScalarType.Bool, completionIds.shape);
    }

    /// <summary>The prompts of this batch.</summary>
    public PromptBatch Prompts { get; }

    /// <summary>int64 [N]: the prompt each row belongs to.</summary>
    public Tensor PromptIndex { get => Alive(field); }

    /// <summary>int64 [N, T], padded on the right.</summary>
    public Tensor CompletionIds { get => Alive(field); }

    /// <summary>bool [N, T]; false where padded.</summary>
    public Tensor CompletionMask { get => Alive(field); }

    /// <summary>Divides the logits before the log-softmax: the temperature of the rollouts, or ρ is not 1 at the start.</summary>
    /// <value>1.0, the sampler's default.</value>
    public double Temperature { get; init; } = 1.0;

    /// <summary>Whether <c>Score</c> also returns the entropy of every token's distribution.</summary>
    /// <value>false: it costs a second pass over the logits.</value>
    public bool WithEntropy { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        PromptIndex.Dispose();
        CompletionIds.Dispose();
        CompletionMask.Dispose();
        _disposed = true;
    }

    private T Alive<T>(T held) => DisposeGuard.Alive(held, _disposed, this);
}
