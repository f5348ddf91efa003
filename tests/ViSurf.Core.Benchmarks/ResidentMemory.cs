using System.Globalization;
using System.Runtime.InteropServices;

namespace ViSurf.Core.Benchmarks;

/// <summary>Resident memory of this process as the Linux kernel counts it, in bytes.</summary>
internal static partial class ResidentMemory
{
    private const string Status = "/proc/self/status";

    public static bool IsKnown => OperatingSystem.IsLinux();

    /// <summary>Now.</summary>
    public static long Now => Read("VmRSS");

    /// <summary>The most since the process began or since <see cref="ForgetPeak"/>.</summary>
    public static long Peak => Read("VmHWM");

    /// <summary>Starts <see cref="Peak"/> again from now.</summary>
    public static void ForgetPeak() => File.WriteAllText("/proc/self/clear_refs", "5");

    /// <summary>Gives back what is free: managed garbage, and the blocks that the C library keeps of tensors that are gone.</summary>
    public static void Release()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }
        try
        {
            _ = Trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library than glibc: it has nothing of the kind.
        }
    }

    private static long Read(string name)
    {
        var line = File.ReadLines(Status).First(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
