using System.Runtime.InteropServices;
using TorchSharp;

namespace ViSurf.Core.Common;

/// <summary>
/// cuBLAS repeats a product bit for bit when its workspace has a fixed size, which it reads from the environment when it starts. .NET's
/// environment is a copy that native code does not see, so the variable is set where native code looks.
/// </summary>
internal static partial class CublasWorkspace
{
    public const string Variable = "CUBLAS_WORKSPACE_CONFIG", Fixed = ":4096:8";

    /// <summary>Sees to it that the workspace is fixed, as long as CUDA has not started.</summary>
    /// <exception cref="InvalidOperationException">It is another, or CUDA has started without; says what to set.</exception>
    public static void Fix()
    {
        if (Refusal(Value(), HasStarted()) is { } refusal) throw new InvalidOperationException(refusal);
        if (Value() is null && SetVariable(Variable, Fixed, 0) != 0)
            throw new InvalidOperationException(Start("got a system that refuses to set it"));
    }

    /// <summary>Why it cannot be fixed any more, or null.</summary>
    /// <param name="value">What the variable says now.</param>
    /// <param name="started">Whether CUDA has started, and read it.</param>
    internal static string? Refusal(string? value, bool started) => value switch
    {
        Fixed or ":16:8" => null,
        null when started => Start("got a process in which CUDA has started without it"),
        null when !OperatingSystem.IsLinux() => Start("got none, and this system lets no program set it for itself"),
        null => null,
        _ => Start($"got '{value}'"),
    };

    private static string Start(string got)
        => $"Expected {Variable}={Fixed} (or :16:8) for deterministic algorithms on CUDA, {got}. "
            + $"Start the process with {Variable}={Fixed}, or call {nameof(TorchBackend)}."
            + $"{nameof(TorchBackend.UseDeterministicAlgorithms)} before anything is on a CUDA device.";

    private static string? Value()
        => OperatingSystem.IsLinux() ? Marshal.PtrToStringUTF8(GetVariable(Variable)) : Environment.GetEnvironmentVariable(Variable);

    /// <summary>Whether any device has a context in this process.</summary>
    private static bool HasStarted()
    {
        if (!OperatingSystem.IsLinux()) return true;
        try
        {
            if (Initialize(0) != 0) return false;
            return Enumerable.Range(0, torch.cuda.device_count())
                .Any(device => ContextState(device, out _, out var active) == 0 && active != 0);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return true;   // not known: the safe answer
        }
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetVariable(string name);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuInit")]
    private static partial int Initialize(uint flags);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuDevicePrimaryCtxGetState")]
    private static partial int ContextState(int device, out uint flags, out int active);
}
