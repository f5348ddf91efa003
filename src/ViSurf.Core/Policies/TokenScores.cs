using System.Runtime.InteropServices;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Policies;

/// <summary>What a policy says about completion tokens. Owns its tensors.</summary>
/// <remarks>
/// On the CPU, and where layers are recomputed, a policy of this library adds gradients to the <c>grad</c> of its parameters on the way: one
/// backward pass for the scores, with the weights as they were, and by <c>backward</c>: <c>autograd.grad</c> does not find these parameters, and what
/// libtorch throws then TorchSharp does not catch, so the process ends.
/// </remarks>
/// <param name="logProbs">float32 [N, T] (float64 for exact tests); exactly 0 where masked.</param>
/// <param name="entropy">Same shape, or null when it was not asked for.</param>
public sealed class TokenScores(Tensor logProbs, Tensor? entropy = null) : IDisposable
{
    private readonly List<Recomputation> _recomputed = [];
    private bool _disposed;

    /// <summary>Log-probability of each completion token, float32 [N, T]; 0 where masked.</summary>
    /// <exception cref="ObjectDisposedException">The scores have been disposed.</exception>
    public Tensor LogProbs { get => Alive(field); } = TensorGuard.Shape(logProbs, null, [-1, -1]);

    /// <summary>Entropy of each token's distribution in nats, [N, T]; null unless asked for.</summary>
    /// <exception cref="ObjectDisposedException">The scores have been disposed.</exception>
    public Tensor? Entropy { get => Alive(field); } = entropy;

    /// <summary>
    /// The backward pass of a loss over these scores: <c>loss.backward()</c>, after which what a part threw that was computed again (out of
    /// memory most of all) arrives as it was thrown. <c>loss.backward()</c> itself says only that a gradient does not fit, and
    /// <see cref="Dispose"/> then throws what was thrown.
    /// </summary>
    /// <param name="loss">A scalar made of these scores, with gradient.</param>
    /// <exception cref="ObjectDisposedException">The scores have been disposed.</exception>
    public void Backward(Tensor loss)
    {
        Guard.NotNull(loss);
        ObjectDisposedException.ThrowIf(_disposed, this);
        ClosedForm.Forget();
        try
        {
            loss.backward();
        }
        catch (ExternalException)
        {
            ThrowFailure();
            throw;
        }
        ThrowFailure();
    }

    /// <summary>Frees something with the scores that their backward pass may still need.</summary>
    internal void Owns(Recomputation pass) => _recomputed.Add(pass);

    /// <summary>Frees the scores. Throws what a recomputed part threw in a backward pass that was not <see cref="Backward"/>.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        LogProbs.Dispose();
        Entropy?.Dispose();
        foreach (var pass in _recomputed) pass.Dispose();
        _disposed = true;
        ThrowFailure();
    }

    private void ThrowFailure()
    {
        ClosedForm.ThrowFailure();
        foreach (var pass in _recomputed) pass.ThrowFailure();
    }

    private T Alive<T>(T held) => DisposeGuard.Alive(held, _disposed, this);
}
