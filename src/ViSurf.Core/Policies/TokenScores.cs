using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Policies;

/// <summary>What a policy says about completion tokens. Owns its tensors.</summary>
/// <param name="logProbs">float32 [N, T] (float64 for exact tests); exactly 0 where masked.</param>
/// <param name="entropy">Same shape, or null when it was not asked for.</param>
public sealed class TokenScores(Tensor logProbs, Tensor? entropy = null) : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private bool _disposed;

    /// <summary>Log-probability of each completion token, float32 [N, T]; 0 where masked.</summary>
    /// <exception cref="ObjectDisposedException">The scores have been disposed.</exception>
    public Tensor LogProbs { get => Alive(field); } = TensorGuard.Shape(logProbs, null, [-1, -1]);

    /// <summary>Entropy of each token's distribution in nats, [N, T]; null unless asked for.</summary>
    /// <exception cref="ObjectDisposedException">The scores have been disposed.</exception>
    public Tensor? Entropy { get => Alive(field); } = entropy;

    /// <summary>Frees something with the scores that their backward pass may still need.</summary>
    internal void Owns(IDisposable resource) => _owned.Add(resource);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        LogProbs.Dispose();
        Entropy?.Dispose();
        foreach (var resource in _owned) resource.Dispose();
        _disposed = true;
    }

    private T Alive<T>(T held) => DisposeGuard.Alive(held, _disposed, this);
}
