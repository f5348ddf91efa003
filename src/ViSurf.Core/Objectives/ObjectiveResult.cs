using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>A loss with its metrics. Owns its tensors.</summary>
public sealed class ObjectiveResult : IDisposable
{
    private bool _disposed;

    private ObjectiveResult(Tensor loss, IReadOnlyList<(string Name, Tensor Value)> metrics) => (Loss, Metrics) = (loss, metrics);

    /// <summary>Scalar with gradient.</summary>
    /// <exception cref="ObjectDisposedException">The result has been disposed.</exception>
    public Tensor Loss { get => Alive(field); }

    /// <summary>Named detached scalars; each is a share of the step's value, so micro-batches add up.</summary>
    /// <exception cref="ObjectDisposedException">The result has been disposed.</exception>
    public IReadOnlyList<(string Name, Tensor Value)> Metrics { get => Alive(field); }

    /// <summary>Bundles a loss and its metrics.</summary>
    /// <exception cref="ArgumentException">The loss or a metric is not a scalar.</exception>
    public static ObjectiveResult Of(Tensor loss, params (string Name, Tensor Value)[] metrics)
    {
        TensorGuard.Shape(loss, null, []);
        foreach (var (_, value) in Guard.NotNull(metrics)) TensorGuard.Shape(value, null, []);
        return new ObjectiveResult(loss, metrics);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        Loss.Dispose();
        foreach (var (_, value) in Metrics) value.Dispose();
        _disposed = true;
    }

    private T Alive<T>(T held) => DisposeGuard.Alive(held, _disposed, this);
}
