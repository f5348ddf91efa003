using System.Runtime.InteropServices;
using TorchSharp;

namespace ViSurf.Core.Common;

/// <summary>
/// What the libtorch that runs exports: TorchSharp binds its functions when they are first called, so one that is missing shows late.
/// </summary>
internal static class TorchSymbols
{
    private static readonly Lazy<nint> Library = new(Load);

    /// <summary>Address of an exported function; 0 when this libtorch has none of that name.</summary>
    /// <param name="name">Mangled, as <c>nm -D libtorch_cpu.so</c> lists it.</param>
    public static nint Address(string name)
        => Library.Value != 0 && NativeLibrary.TryGetExport(Library.Value, name, out var address) ? address : 0;

    /// <summary>
    /// Those of the names that this libtorch lacks; none where names are mangled in another way than on Linux, and nothing can be said.
    /// </summary>
    public static IReadOnlyList<string> Missing(params IEnumerable<string> names)
        => OperatingSystem.IsLinux() && Library.Value != 0 ? [.. names.Where(name => Address(name) == 0)] : [];

    private static nint Load()
    {
        TorchBackend.EnsureLoaded();
        // It is loaded by now, from wherever it came; the system's loader finds it by its name.
        return NativeLibrary.TryLoad("torch_cpu", typeof(torch).Assembly, null, out var library)
            || NativeLibrary.TryLoad("libtorch_cpu.so", out library) ? library : 0;
    }
}
