using TorchSharp;
using static TorchSharp.torch;

namespace ViSurf.Core.Common;

/// <summary>
/// Random tensors that are a function of a seed, drawn where they are needed. On the CPU from a generator of its own. TorchSharp makes
/// generators for the CPU alone, and libtorch refuses those beside CUDA tensors: there each draw seeds libtorch's global CUDA generators
/// with its number and draws from the one of the device, so what other code draws from them afterwards depends on it.
/// </summary>
/// <remarks>The same seed gives the same numbers on devices of one kind, not on a CPU and a GPU. One thread at a time.</remarks>
internal sealed class DeviceRandom(ulong seed, Device device) : IDisposable
{
    // Seeding and drawing are two calls: no other draw of this class comes between them.
    private static readonly Lock Global = new();

    private readonly Generator? _generator = device.type == DeviceType.CPU ? new Generator(seed, CPU) : null;
    private long _draws;

    /// <summary>Uniform in [0, 1).</summary>
    public Tensor Uniform(long[] shape, ScalarType type) => Draw(generator => rand(shape, type, device, generator: generator));

    /// <summary>int32, uniform in [0, <paramref name="below"/>).</summary>
    public Tensor Integers(long[] shape, long below)
        => Draw(generator => randint(0, below, shape, ScalarType.Int32, device, generator: generator));

    /// <summary>Fills the tensor, which is on the device, with normally distributed numbers.</summary>
    public void FillNormal(Tensor target, double mean, double deviation) => Draw(generator => target.normal_(mean, deviation, generator));

    public void Dispose() => _generator?.Dispose();

    private Tensor Draw(Func<Generator?, Tensor> draw)
    {
        if (_generator is not null) return draw(_generator);
        lock (Global)
        {
            if (device.type == DeviceType.CUDA) cuda.manual_seed_all((long)SeedStream.Bits((long)seed, _draws++, 0, 0, 0));
            return draw(null);
        }
    }
}
