using System.Runtime.InteropServices;
using TorchSharp;

namespace ViSurf.Core.Benchmarks;

/// <summary>
/// Memory in use on a CUDA device, from the driver: TorchSharp has no counters. libtorch's allocator gives nothing back while it runs, so
/// what is in use at the end is the peak; it counts the context, and whatever other programs hold.
/// </summary>
internal static partial class DeviceMemory
{
    /// <summary>GB (10⁹ bytes); null on the CPU and where the driver does not say.</summary>
    public static double? Used(torch.Device device)
    {
        if (device.type != DeviceType.CUDA) return null;
        try
        {
            // The context of the device that this thread last used.
            using var touch = torch.zeros(1, device: device);
            torch.cuda.synchronize();
            return Info(out var free, out var total) == 0 ? (total - free) / 1e9 : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            Console.Error.WriteLine($"device memory unknown: {e.Message}");
            return null;
        }
    }

    private static int Info(out nuint free, out nuint total)
        => OperatingSystem.IsWindows() ? WindowsMemory(out free, out total) : LinuxMemory(out free, out total);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuMemGetInfo_v2")]
    private static partial int LinuxMemory(out nuint free, out nuint total);

    [LibraryImport("nvcuda", EntryPoint = "cuMemGetInfo_v2")]
    private static partial int WindowsMemory(out nuint free, out nuint total);
}
