using Samples.Shared;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>Times a ViSurf step and compares each phase with the floor: its unavoidable operations at the matmul rate of the same run.</summary>
internal static class StepCommand
{
    public static void Execute(string[] args)
    {
        var workload = new Option("--workload", "NAME", "W1 (448 × 448 picture, 64 new tokens) or W2 (112 × 112, 256); both one after the other otherwise");
        if (BenchmarkOptions.Parse("step: seconds of a ViSurf step, 2 prompts, G = 8 plus label, float32", 3, args, workload) is not { } options) return;
        Workload[] workloads = options.Line.Text("--workload") switch
        {
            null => [Workload.W1, Workload.W2],
            "W1" => [Workload.W1],
            "W2" => [Workload.W2],
            var other => throw new ArgumentException($"Expected --workload W1 or W2, got '{other}'."),
        };
        Machine.Print(options);
        foreach (var w in workloads) Measure(options, options.Smoke ? w with { Side = 56, NewTokens = 4, GroupSize = 2, Model = new() } : w);
    }

    private static void Measure(BenchmarkOptions options, Workload workload)
    {
        using var measurement = new StepMeasurement(options, workload);
        measurement.Run();   // thrown away: code is compiled, AdamW's moments are allocated
        var runs = Enumerable.Range(0, options.Repeat).Select(_ => measurement.Run()).ToArray();
        // Before the rate is measured, which needs memory of its own.
        var peak = Machine.PeakMemory();
        var rate = Rates.Matmul(options, ScalarType.Float32);
        var report = runs[0].Report;
        var floor = measurement.Flops(report);

        var table = new Table(workload.Name, "median s", "min s", "GFLOP", "floor s", "floor / median %");
        void Row(string phase, Func<StepSeconds, double> seconds, double flops)
        {
            var sorted = runs.Select(r => seconds(r.Seconds)).Order().ToArray();
            var median = sorted[sorted.Length / 2];
            table.Add(phase, median, sorted[0], flops / 1e9, flops / rate, 100 * flops / rate / median);
        }

        Row("rollout", s => s.Rollout, floor.Rollout);
        Row("update", s => s.Update, floor.Update);
        Row("step", s => s.Step, floor.Rollout + floor.Update);
        Row("score (extra)", s => s.Score, floor.Score);
        Console.WriteLine(table);
        var rollouts = Workload.Prompts * workload.GroupSize * workload.NewTokens;
        Console.WriteLine(FormattableString.Invariant(
            $"{measurement.Parameters / 1e6:0.0}M parameters, {report.Lengths.PromptTokens} prompt tokens, {report.Lengths.CompletionTokens} completion tokens (labels included)"));
        Console.WriteLine(FormattableString.Invariant(
            $"decode {rollouts / runs.Min(r => r.Seconds.Rollout):0} tokens/s, matmul {rate / 1e9:0.0} GFLOP/s, peak memory of the process so far {peak:0.00} GB"));
        Console.WriteLine();
    }
}
