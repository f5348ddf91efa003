using TorchSharp;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>
/// Collects scalars that still live on the device and reads them all at once: one transfer per update instead of one per scalar.
/// </summary>
internal sealed class ScalarLedger : IDisposable
{
    private readonly List<(string Name, int MicroBatch)> _keys = [];
    private readonly List<Tensor> _values = [];

    /// <summary>Keeps the detached scalar, which from here on belongs to the ledger and to no dispose scope.</summary>
    public void Add(string name, int microBatch, Tensor scalar)
    {
        _keys.Add((name, microBatch));
        _values.Add(scalar.detach().DetachFromDisposeScope());
    }

    /// <summary>All values in the order of <see cref="Add"/>, in one transfer.</summary>
    public IReadOnlyList<(string Name, int MicroBatch, double Value)> Read()
    {
        if (_values.Count == 0) return [];
        using var scope = NewDisposeScope();
        var type = _values.Any(v => v.dtype == ScalarType.Float64) ? ScalarType.Float64 : ScalarType.Float32;
        var numbers = stack(_values.Select(v => v.to(type))).cpu().to(ScalarType.Float64).data<double>();
        return _keys.Zip(numbers, (key, value) => (key.Name, key.MicroBatch, value)).ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var value in _values) value.Dispose();
    }
}
