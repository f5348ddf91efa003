using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;

namespace ViSurf.Core.Common;

/// <summary>The native half of TorchSharp: whether it loads, and on which device to work.</summary>
public static class TorchBackend
{
    // The outcome cannot change within a process, so it is kept: one probe, and the same exception for every caller.
    private static readonly Lazy<bool> Loaded = new(Load);

    /// <summary>
    /// Loads libtorch now, so that a missing package or library is one exception with a remedy instead of a type initializer that fails
    /// in the middle of something else. Models call it when they are loaded; call it first in a program that uses tensors earlier.
    /// Costs nothing after the first call. Thread-safe.
    /// </summary>
    /// <exception cref="DllNotFoundException">The native library cannot load. Says what is missing and how to supply it; the loader's own words are inside.</exception>
    public static void EnsureLoaded() => _ = Loaded.Value;

    /// <summary>The device of that name, checked to be there.</summary>
    /// <param name="name"><c>cpu</c>, <c>cuda</c> (the first one) or <c>cuda:N</c>, N counted from 0; upper or lower case.</param>
    /// <exception cref="ArgumentException">Not such a name.</exception>
    /// <exception cref="InvalidOperationException">There is no such CUDA device; says how many there are.</exception>
    /// <exception cref="DllNotFoundException">See <see cref="EnsureLoaded"/>.</exception>
    public static torch.Device Device(string name)
    {
        var index = CudaIndex(name);
        EnsureLoaded();
        if (index is not { } wanted) return torch.CPU;
        var count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        return wanted < count ? new torch.Device(DeviceType.CUDA, wanted) : throw new InvalidOperationException(NoSuchDevice(name, count));
    }

    /// <summary>
    /// Makes libtorch take algorithms whose result is the same bits each time it is run (torch's <c>use_deterministic_algorithms</c>), in
    /// the whole process. A CPU does anyway. On a GPU the backward passes of attention and of gathers add in no fixed order otherwise: two
    /// runs of one seed then differ in the last bits of the first update, and a resumed run from the one that went on.
    /// </summary>
    /// <param name="on">false turns it off again.</param>
    /// <remarks>
    /// It makes a run repeat itself: same machine, same versions, same batch. It does not make results independent of the batch, or of the
    /// kind of GPU. It is expected to cost 10 to 20 % of an update's time, which has not been measured. An operator of your own that
    /// has no such algorithm on CUDA throws. Call it before anything is on a CUDA device: cuBLAS needs CUBLAS_WORKSPACE_CONFIG in the
    /// environment when it starts, which this sets on Linux.
    /// </remarks>
    /// <exception cref="InvalidOperationException">CUDA has started without CUBLAS_WORKSPACE_CONFIG; says what to set.</exception>
    /// <exception cref="NotSupportedException">
    /// The libtorch that runs has no such switch for others than C++ and Python: so it is on Windows.
    /// </exception>
    public static void UseDeterministicAlgorithms(bool on = true)
    {
        EnsureLoaded();
        if (on && torch.cuda.is_available()) CublasWorkspace.Fix();
        if (!TorchContext.UseDeterministicAlgorithms(on))
            throw new NotSupportedException("Expected a libtorch that exports at::Context::setDeterministicAlgorithms, "
                + "as 2.10 does on Linux and macOS, got one without it. Run without deterministic algorithms, or on Linux.");
    }

    /// <summary>
    /// Whether attention on CUDA may go to cuDNN, in the whole process. Loading a policy on CUDA turns it off: from libtorch 2.11 on cuDNN
    /// comes first on Hopper, and it makes a plan for each new shape, which others measured at half a second, while every group of prompts
    /// and every token of an answer brings a new shape. Turn it on again, after the last policy is loaded, where shapes repeat.
    /// </summary>
    /// <param name="on">Whether it may.</param>
    /// <returns>
    /// false where the libtorch that runs has no such switch (on Windows); the environment variable TORCH_CUDNN_SDPA_DEPRIORITIZED=1 does
    /// it there.
    /// </returns>
    /// <exception cref="DllNotFoundException">See <see cref="EnsureLoaded"/>.</exception>
    public static bool UseCuDnnAttention(bool on)
    {
        EnsureLoaded();
        return TorchContext.UseCuDnnAttention(on);
    }

    /// <summary>What a model does when it is loaded: libtorch is there, and set up for the device.</summary>
    internal static void Prepare(torch.Device? device)
    {
        EnsureLoaded();
        if (device?.type == DeviceType.CUDA) TorchContext.UseCuDnnAttention(false);
    }

    /// <summary>N of <c>cuda:N</c>, 0 for <c>cuda</c>, null for <c>cpu</c>.</summary>
    internal static int? CudaIndex(string name)
    {
        var parts = Guard.NotBlank(name).Trim().ToLowerInvariant().Split(':');
        if (parts is ["cpu"]) return null;
        if (parts is ["cuda"]) return 0;
        if (parts is ["cuda", var digits] && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index)) return index;
        throw new ArgumentException($"Expected a device 'cpu', 'cuda' or 'cuda:N', got '{name}'.", nameof(name));
    }

    /// <summary>The message for a CUDA device that is not there.</summary>
    internal static string NoSuchDevice(string name, int count) => count == 0
        ? $"Expected a CUDA device for '{name}', got 0 devices. Reference a CUDA package instead of the CPU one (TorchSharp-cuda-linux or "
            + "TorchSharp-cuda-windows; in this repository: -p:Torch=cuda), check the driver with nvidia-smi, or use 'cpu'."
        : $"Expected one of the {count} CUDA devices cuda:0 to cuda:{count - 1}, got '{name}'.";

    private static bool Load()
    {
        var loader = Probe();
        // TorchSharp's own search of the package cache is for scripts. It cannot help a library that was found and did not fit, and
        // would copy half a gigabyte before failing.
        if (loader is not null && TorchLoadFailure.IsUnfit(loader.Message)) throw TorchLoadFailure.Explain(loader);
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
            return true;
        }
        catch (Exception e) when (e is TypeInitializationException or NotSupportedException or DllNotFoundException or BadImageFormatException)
        {
            throw TorchLoadFailure.Explain(loader ?? e);
        }
    }

    /// <summary>Loads as TorchSharp does, and keeps what the system's loader says, which TorchSharp drops.</summary>
    private static Exception? Probe()
    {
        try
        {
            var assembly = typeof(torch).Assembly;
            NativeLibrary.TryLoad("torch_cpu", assembly, null, out _);
            NativeLibrary.Load("LibTorchSharp", assembly, null);
            return null;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            return e;
        }
    }
}
