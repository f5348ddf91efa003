using System.Runtime.CompilerServices;
using TorchSharp;
using ViSurf.Core.Benchmarks;
using ViSurf.Core.Common;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// The one place that decides where the tests' tensors are: the CPU, or what <c>VISURF_DEVICE</c> names. Another device than the CPU
/// becomes TorchSharp's default, so that <c>tensor(…)</c>, <c>zeros(…)</c> and <c>nn.Linear(…)</c> of a test are made there without a word;
/// policies are loaded with <see cref="Value"/>. <c>VISURF_LIBTORCH</c> names a folder to take libtorch from. Processes that tests start
/// inherit both.
/// </summary>
internal static class TestDevice
{
    public const string DeviceVariable = "VISURF_DEVICE", LibTorchVariable = "VISURF_LIBTORCH";

    // No values: a test on it fails where it reads one, or mixes devices. It finds tensors that are made elsewhere.
    private const string Meta = "meta";

    private static readonly string Name = Environment.GetEnvironmentVariable(DeviceVariable)?.Trim() is { Length: > 0 } name ? name : "cpu";

    private static torch.Device? _value;

    public static torch.Device Value => _value ??= Of(Name);

    /// <summary>Known without libtorch, which test discovery does not load.</summary>
    public static bool IsCpu => Name != Meta && TorchBackend.CudaIndex(Name) is null;

    /// <summary>A device by its name, as <c>VISURF_DEVICE</c> gives it.</summary>
    /// <exception cref="ArgumentException">Not such a name.</exception>
    /// <exception cref="InvalidOperationException">There is no such CUDA device.</exception>
    public static torch.Device Of(string name) => name == Meta ? torch.META : TorchBackend.Device(name);

    /// <summary>
    /// Standard normal numbers on the test device, the same on every device: TorchSharp's generators are the CPU's, whatever device they
    /// are given.
    /// </summary>
    public static torch.Tensor Randn(long[] shape, torch.Generator generator, torch.ScalarType? type = null)
        => Moved(torch.randn(shape, type, torch.CPU, generator: generator));

    /// <summary>Uniform numbers in [0, 1), likewise.</summary>
    public static torch.Tensor Rand(long[] shape, torch.Generator generator, torch.ScalarType? type = null)
        => Moved(torch.rand(shape, type, torch.CPU, generator: generator));

    /// <summary>Integers in [low, high) as int64, likewise.</summary>
    public static torch.Tensor RandInt(long low, long high, long[] shape, torch.Generator generator)
        => Moved(torch.randint(low, high, shape, torch.ScalarType.Int64, torch.CPU, generator: generator));

    /// <summary>The bytes of a tensor, row by row, wherever it is.</summary>
    public static byte[] BytesOf(torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return tensor.detach().cpu().contiguous().bytes.ToArray();
    }

    [ModuleInitializer]
    internal static void Take()
    {
        try
        {
            if (Environment.GetEnvironmentVariable(LibTorchVariable) is { Length: > 0 } folder) LibTorchFolder.Load(folder);
            if (!IsCpu) torch.set_default_device(Value);
        }
        catch (Exception e)
        {
            // Thrown here it would be a type initializer that fails, once in every test.
            var folder = Environment.GetEnvironmentVariable(LibTorchVariable);
            Console.Error.WriteLine($"{DeviceVariable} is '{Name}', {LibTorchVariable} is '{folder}': {e.Message}");
            Environment.Exit(1);
        }
    }

    private static torch.Tensor Moved(torch.Tensor made)
    {
        if (IsCpu) return made;
        using (made) return made.to(Value);
    }
}
