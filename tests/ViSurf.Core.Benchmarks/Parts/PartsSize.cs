using TorchSharp;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks.Parts;

/// <summary>
/// What all parts are measured at: the sizes of workload W1. Static, because BenchmarkDotNet makes the benchmark objects itself (in this
/// process).
/// </summary>
internal static class PartsSize
{
    public static Device Device { get; set; } = CPU;

    public static ScalarType Type { get; set; } = ScalarType.Float32;

    public static bool Smoke { get; set; }

    /// <summary>Rows of a pass.</summary>
    public static long Tokens => Smoke ? 16 : 1536;

    public static Tensor Random(params long[] shape) => randn(shape, device: Device).to_type(Type);

    /// <summary>Waits for the device: a benchmark counts finished work.</summary>
    public static void Synchronize()
    {
        if (Device.type == DeviceType.CUDA) cuda.synchronize();
    }
}
