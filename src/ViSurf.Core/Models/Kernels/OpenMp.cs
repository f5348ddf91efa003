using System.Runtime.InteropServices;

namespace ViSurf.Core.Models.Kernels;

/// <summary>
/// libtorch's own threads. After each of its loops they stay awake for milliseconds, waiting for the next one; threads of our own would
/// have to share the cores with their waiting, and a decoding step was half as fast again for it.
/// </summary>
/// <remarks>
/// <c>GOMP_parallel</c> is how compiled code enters a parallel region, in GCC's runtime, which libtorch brings on Linux, and in LLVM's
/// and Intel's for its sake. Where libtorch has another, as on Windows, this is not available.
/// </remarks>
internal static unsafe class OpenMp
{
    private static readonly delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> Parallel = Find();

    /// <summary>Whether libtorch's runtime can be asked. It must have been loaded: whoever holds a tensor has done that.</summary>
    public static bool IsAvailable => Parallel is not null;

    /// <summary>Runs something on so many threads at once, the caller's among them, and returns when all have.</summary>
    public static void Run(Action member, int threads)
    {
        var handle = GCHandle.Alloc(member);
        try
        {
            Parallel(&Enter, GCHandle.ToIntPtr(handle), (uint)threads, 0);
        }
        finally
        {
            handle.Free();
        }
    }

    [UnmanagedCallersOnly]
    private static void Enter(nint member) => ((Action)GCHandle.FromIntPtr(member).Target!)();

    /// <summary>Looked for from libtorch on, so that it is the runtime which libtorch uses, whatever its file is called.</summary>
    private static delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void> Find()
        => OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libtorch_cpu.so", out var library) && NativeLibrary.TryGetExport(library, "GOMP_parallel", out var address)
            ? (delegate* unmanaged<delegate* unmanaged<nint, void>, nint, uint, uint, void>)address
            : null;
}
