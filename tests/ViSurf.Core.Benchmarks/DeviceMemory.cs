using TorchSharp;
using ViSurf.Core.Training;

namespace ViSurf.Core.Benchmarks;

/// <summary>
/// Memory in use on a CUDA device once it has done its work, as a step reports it. libtorch's allocator gives nothing back while it runs, so
/// what is in use at the end is the peak; it counts the context, and whatever other programs hold.
/// </summary>
internal static class DeviceMemory
{
    /// <summary>GB (10⁹ bytes); null on the CPU and where the driver does not say.</summary>
    public static double? Used(torch.Device device)
    {
        if (device.type != DeviceType.CUDA) return null;
        torch.cuda.synchronize();
        if (StepMemory.Now(device).Device is { } bytes) return bytes / 1e9;
        Console.Error.WriteLine("device memory unknown: the driver does not say");
        return null;
    }
}
