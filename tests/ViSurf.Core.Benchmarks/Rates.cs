using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>What the device reaches at best, through libtorch: the yardstick of every other number.</summary>
internal static class Rates
{
    private const double Seconds = 1.0;

    /// <summary>Floating-point operations per second of a square matrix product (2 n³ operations).</summary>
    public static double Matmul(BenchmarkOptions options, ScalarType type)
    {
        var n = options.Smoke ? 128L : options.Device.type == DeviceType.CUDA ? 8192 : 1024;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (a, b) = (randn([n, n], device: options.Device).to_type(type), randn([n, n], device: options.Device).to_type(type));
        return 2.0 * n * n * n * PerSecond(options, () => matmul(a, b).Dispose());
    }

    /// <summary>Bytes read plus bytes written per second when a tensor larger than any cache is copied.</summary>
    public static double Copy(BenchmarkOptions options)
    {
        var count = options.Smoke ? 1L << 16 : options.Device.type == DeviceType.CUDA ? 1L << 28 : 1L << 26;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (from, to) = (zeros([count], device: options.Device), zeros([count], device: options.Device));
        return 2.0 * sizeof(float) * count * PerSecond(options, () => to.copy_(from));
    }

    /// <summary>The best of the repetitions, each about a second long: other programs only ever make it slower.</summary>
    private static double PerSecond(BenchmarkOptions options, Action work)
    {
        var once = Time(options, work, 1);   // thrown away: first touch, code loading
        once = Time(options, work, 1);
        var count = options.Smoke ? 1 : Math.Max(1, (int)(Seconds / once));
        return count / Enumerable.Range(0, options.Repeat).Min(_ => Time(options, work, count));
    }

    private static double Time(BenchmarkOptions options, Action work, int count)
    {
        options.Synchronize();
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < count; i++) work();
        options.Synchronize();
        return clock.Elapsed.TotalSeconds;
    }
}
