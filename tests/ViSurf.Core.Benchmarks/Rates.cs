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
        return Matmul(options, type, (n, n, n), Seconds);
    }

    /// <summary>Floating-point operations per second of [m, k] × [k, n].</summary>
    /// <param name="options">Device, repetitions.</param>
    /// <param name="type">Dtype.</param>
    /// <param name="size">m, k, n.</param>
    /// <param name="seconds">How long each repetition takes.</param>
    public static double Matmul(BenchmarkOptions options, ScalarType type, (long M, long K, long N) size, double seconds)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (m, k, n) = size;
        var (a, b) = (randn([m, k], device: options.Device).to_type(type), randn([k, n], device: options.Device).to_type(type));
        return 2.0 * m * k * n * PerSecond(options, () => matmul(a, b).Dispose(), seconds);
    }

    /// <summary>Bytes read plus bytes written per second when a tensor larger than any cache is copied.</summary>
    public static double Copy(BenchmarkOptions options)
    {
        var count = LargeCount(options);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (from, to) = (zeros([count], device: options.Device), zeros([count], device: options.Device));
        return 2.0 * sizeof(float) * count * PerSecond(options, () => to.copy_(from), Seconds);
    }

    /// <summary>Bytes read per second when such a tensor is summed.</summary>
    public static double Read(BenchmarkOptions options)
    {
        var count = LargeCount(options);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var from = ones([count], device: options.Device);
        return sizeof(float) * count * PerSecond(options, () => from.sum().Dispose(), Seconds);
    }

    /// <summary>Numbers of a tensor that no cache holds.</summary>
    private static long LargeCount(BenchmarkOptions options) => options.Smoke ? 1L << 16 : options.Device.type == DeviceType.CUDA
        ? 1L << 28 : 1L << 26;

    /// <summary>The best of the repetitions: other programs only ever make it slower.</summary>
    private static double PerSecond(BenchmarkOptions options, Action work, double seconds)
    {
        var once = Time(options, work, 1);   // thrown away: first touch, code loading
        once = Time(options, work, 1);
        var count = options.Smoke ? 1 : Math.Max(1, (int)(seconds / once));
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
