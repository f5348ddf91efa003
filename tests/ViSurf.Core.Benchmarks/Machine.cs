using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;
using ViSurf.Core.Training;

namespace ViSurf.Core.Benchmarks;

/// <summary>What the numbers were measured on. Says nothing about whose machine it is.</summary>
internal static class Machine
{
    public static void Print(BenchmarkOptions options)
    {
        Console.WriteLine(FormattableString.Invariant(
            $"{DateTime.UtcNow:yyyy-MM-dd}, {Processor()}, {Environment.ProcessorCount} cores, {torch.get_num_threads()} torch threads, device {options.Device}{(Card.Name(options.Device) is { } card ? $" ({card})" : "")}"));
        Console.WriteLine(
            $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, ViSurf.Core {Version<Trainer>()}, TorchSharp {Version<torch.Tensor>()} for libtorch {torch.__version__}");
        if (options.Smoke) Console.WriteLine("smoke run: the numbers mean nothing");
        Console.WriteLine();
    }

    /// <summary>Largest resident memory of the process so far, in GB (10⁹ bytes).</summary>
    public static double PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / 1e9;
    }

    private static string Processor()
    {
        const string Info = "/proc/cpuinfo";
        var line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static string Version<T>() => typeof(T).Assembly.GetName().Version?.ToString(3) ?? "?";
}
