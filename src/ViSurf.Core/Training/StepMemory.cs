using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>
/// Memory in use, asked once a step. TorchSharp has no counters of libtorch's allocator, so a CUDA device's number comes from the driver; asking
/// does not wait for the device.
/// </summary>
internal static partial class StepMemory
{
    public static MemorySummary Now(Device device) => new(Environment.WorkingSet, OnDevice(device));

    /// <summary>What the driver says of a CUDA device; null when it says nothing.</summary>
    public static (long Free, long Total)? Driver(Device device)
    {
        try
        {
            // The driver answers for the context of the device that this thread last used.
            using var touch = zeros(1, device: device);
            return Asked();
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;   // a metric that is absent; nothing of the training depends on it
        }
    }

    /// <summary>Bytes in use on the device whose context this thread has; null where the driver does not say.</summary>
    /// <exception cref="DllNotFoundException">There is no CUDA driver.</exception>
    internal static long? InUse() => Asked() is { } memory ? memory.Total - memory.Free : null;

    private static long? OnDevice(Device device)
        => device.type == DeviceType.CUDA && Driver(device) is { } memory ? memory.Total - memory.Free : null;

    private static (long Free, long Total)? Asked() => Info(out var free, out var total) == 0 ? ((long)free, (long)total) : null;

    private static int Info(out nuint free, out nuint total)
        => OperatingSystem.IsWindows() ? WindowsMemory(out free, out total) : LinuxMemory(out free, out total);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuMemGetInfo_v2")]
    private static partial int LinuxMemory(out nuint free, out nuint total);

    [LibraryImport("nvcuda", EntryPoint = "cuMemGetInfo_v2")]
    private static partial int WindowsMemory(out nuint free, out nuint total);
}
