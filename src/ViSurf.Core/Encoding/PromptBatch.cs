using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Encoding;

/// <summary>
/// Prompts padded on the left, one row per prompt however many completions it has. Owns its tensors, which live on the CPU;
/// a policy moves what it needs to its own device. Made by <see cref="Collator"/>.
/// </summary>
public sealed class PromptBatch : IDisposable
{
    private bool _disposed;

    internal PromptBatch(IReadOnlyList<EncodedPrompt> prompts, Tensor tokenIds, Tensor mask, Tensor? pixels, Tensor imageGrid, Tensor imagePrompt)
    {
        Prompts = prompts;
        TokenIds = TensorGuard.Shape(tokenIds, ScalarType.Int64, [prompts.Count, -1]);
        Mask = TensorGuard.Shape(mask, ScalarType.Bool, tokenIds.shape);
        Pixels = pixels;
        ImageGrid = TensorGuard.Shape(imageGrid, ScalarType.Int64, [-1, 3]);
        ImagePrompt = TensorGuard.Shape(imagePrompt, ScalarType.Int64, [imageGrid.shape[0]]);
    }

    /// <summary>The prompts the batch was made from, for samplers that need text and pictures.</summary>
    public IReadOnlyList<EncodedPrompt> Prompts { get; }

    /// <summary>int64 [Q, P], padded on the left.</summary>
    public Tensor TokenIds { get => Alive(field); }

    /// <summary>bool [Q, P]; false where padded.</summary>
    public Tensor Mask { get => Alive(field); }

    /// <summary>float32 [K, D], patches of all pictures in order; null when there are none.</summary>
    public Tensor? Pixels { get => Alive(field); }

    /// <summary>int64 [I, 3]: frames, height and width in patches.</summary>
    public Tensor ImageGrid { get => Alive(field); }

    /// <summary>int64 [I]: the prompt each picture belongs to, not decreasing.</summary>
    public Tensor ImagePrompt { get => Alive(field); }

    /// <summary>Q, the number of prompts.</summary>
    public int Count => Prompts.Count;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        TokenIds.Dispose();
        Mask.Dispose();
        Pixels?.Dispose();
        ImageGrid.Dispose();
        ImagePrompt.Dispose();
        _disposed = true;
    }

    private T Alive<T>(T held) => DisposeGuard.Alive(held, _disposed, this);
}
