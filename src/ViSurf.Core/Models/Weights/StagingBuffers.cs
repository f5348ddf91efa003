using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>
/// CPU memory through which tensors pass on their way to another dtype or device: one piece per reading thread, used again and again.
/// To allocate one per tensor would leave the allocator with half of the file's size at the end.
/// </summary>
internal sealed class StagingBuffers : IDisposable
{
    /// <summary>Bytes of one: large enough for the disk, small beside any model, far below the 2 GiB that a span can cover.</summary>
    public const long Bytes = 2 << 20;

    private readonly ConcurrentBag<Tensor> _free = [];

    /// <summary>A buffer of one dtype, for the caller alone until it is given back.</summary>
    public Tensor Rent(ScalarType type)
    {
        if (_free.TryTake(out var buffer) && buffer.dtype == type) return buffer;
        buffer?.Dispose();
        return empty([Bytes / SafeTensorsTypes.Size(type)], type, CPU).DetachFromDisposeScope();
    }

    public void Return(Tensor buffer) => _free.Add(buffer);

    public void Dispose()
    {
        foreach (var buffer in _free) buffer.Dispose();
    }
}
