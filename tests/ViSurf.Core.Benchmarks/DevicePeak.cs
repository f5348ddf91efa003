using TorchSharp;
using ViSurf.Core.Training;

namespace ViSurf.Core.Benchmarks;

/// <summary>
/// Most memory in use on a CUDA device while this lives, by the driver's count every few milliseconds: libtorch's reserve, the context and
/// whatever other programs hold. Nothing on the CPU.
/// </summary>
internal sealed class DevicePeak : IDisposable
{
    private const int EveryMilliseconds = 10;

    private readonly torch.Device _device;
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread? _sampler;
    private long _bytes;

    public DevicePeak(torch.Device device)
    {
        _device = device;
        if (device.type != DeviceType.CUDA) return;
        _sampler = new Thread(Sample) { IsBackground = true, Name = "device memory" };
        _sampler.Start();
    }

    /// <summary>GB (10⁹ bytes) so far; null on the CPU and where the driver does not say.</summary>
    public double? Gb
    {
        get
        {
            if (StepMemory.Now(_device).Device is { } now) Note(now);
            return Interlocked.Read(ref _bytes) is > 0 and var bytes ? bytes / 1e9 : null;
        }
    }

    public void Dispose()
    {
        _stop.Set();
        _sampler?.Join();
        _stop.Dispose();
    }

    private void Sample()
    {
        // Once with a tensor: it gives this thread the device's context, for which the driver answers.
        for (var bytes = StepMemory.Now(_device).Device; bytes is { } used; bytes = StepMemory.InUse())
        {
            Note(used);
            if (_stop.Wait(EveryMilliseconds)) return;
        }
    }

    private void Note(long bytes)
    {
        for (var seen = Interlocked.Read(ref _bytes); bytes > seen; seen = Interlocked.Read(ref _bytes))
            if (Interlocked.CompareExchange(ref _bytes, bytes, seen) == seen) return;
    }
}
