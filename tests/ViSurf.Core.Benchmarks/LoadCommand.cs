using System.Diagnostics;
using System.Globalization;
using Samples.Shared;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>
/// Seconds and memory of loading a checkpoint, out of the page cache: what the library costs, not the disk. Each measurement has a process
/// of its own, because the allocator keeps memory that an earlier one has touched.
/// </summary>
internal static class LoadCommand
{
    private static readonly ScalarType[] Types = [ScalarType.Float32, ScalarType.BFloat16];

    public static void Execute(string[] args)
    {
        if (BenchmarkOptions.Parse("load: seconds and peak memory of loading a sharded checkpoint of about 100M parameters", 3, args,
                new Option("--directory", "DIR", "measure this checkpoint, once, in this process: prints bytes, seconds, bytes at the peak"),
                new Option("--type", "NAME", "float32 or bfloat16 in memory, for --directory (float32)"),
                new Option("--threads", "N", "threads that read, for --directory (the library's choice)")) is not { } options) return;
        if (options.Line.Text("--directory") is { } directory)
        {
            var type = Enum.Parse<ScalarType>(options.Line.Text("--type") ?? "float32", ignoreCase: true);
            Console.WriteLine(Measure(directory, type, options.Line.Number("--threads", WeightLoader.Threads, 1), options));
            return;
        }
        Machine.Print(options);
        using var folder = new TemporaryFolder();
        var fresh = Path.Combine(folder.Path, "fresh");
        RandomCheckpoint.Write(fresh, options.Smoke ? new() : RandomCheckpoint.Medium with { Hidden = 1024, Intermediate = 2816, Heads = 16, KeyValueHeads = 4 });
        using (var policy = QwenVlPolicy.Initialize(fresh, seed: 1))
            foreach (var type in Types)
                policy.Save(Path.Combine(folder.Path, $"{type}"), new SaveOptions { Type = type, MaxShardBytes = 100_000_000 });

        var table = new Table("files → memory", "threads", "tensors, MB", "seconds", "GB/s", "peak / tensors");
        foreach (var from in Types)
            foreach (var to in Types)
                foreach (var threads in new[] { 1, 2, 4 })
                {
                    string[] row = ["load", "--directory", Path.Combine(folder.Path, $"{from}"), "--type", $"{to}", "--threads", $"{threads}", "--device", $"{options.Device}"];
                    var measured = Enumerable.Range(0, options.Repeat + 1).Select(_ => Child(row)).Skip(1).ToArray();
                    var (bytes, seconds, peak) = (measured[0][0], measured.Min(m => m[1]), measured.Max(m => m[2]));
                    table.Add($"{from} → {to}", threads, bytes / 1e6, seconds, bytes / seconds / 1e9, peak / bytes);
                }
        Console.WriteLine(table);
    }

    private static string Measure(string directory, ScalarType type, int threads, BenchmarkOptions options)
    {
        // libtorch's and the runtime's own start is not part of it.
        using (var warm = zeros(1 << 16).to(options.Device).to(ScalarType.BFloat16)) options.Synchronize();
        var (before, clock) = (Environment.WorkingSet, Stopwatch.StartNew());
        using var checkpoint = CheckpointReader.Open(directory);
        using var module = new QwenVlModule(QwenVlConfigReader.Read(directory), type, options.Device);
        WeightLoader.Load(module.Names, checkpoint, name => name, null, threads);
        options.Synchronize();
        var seconds = clock.Elapsed.TotalSeconds;
        var bytes = module.Names.Values.Sum(p => p.numel() * p.element_size());
        return FormattableString.Invariant($"{bytes} {seconds} {Machine.PeakMemory() * 1e9 - before:0}");
    }

    private static double[] Child(string[] arguments)
    {
        using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardOutput = true })!;
        var line = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0
            ? [.. line.Trim().Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))]
            : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with {child.ExitCode}.");
    }
}
