using System.Diagnostics;
using Samples.Shared;

namespace ViSurf.Core.Benchmarks;

/// <summary>Compares the memory plan of a step with the resident memory that two steps really take, each case in a process of its own.</summary>
internal static class MemoryCommand
{
    public static void Execute(string[] args)
    {
        var names = string.Join(", ", MemoryCase.All.Select(c => c.Name));
        var one = new Option("--case", "NAME", $"one of {names}; all but the last otherwise, one torch thread");
        if (BenchmarkOptions.Parse("memory: planned and measured memory of a ViSurf step on the CPU (Linux)", 1, args, one) is not { } options) return;
        if (!ResidentMemory.IsKnown) throw new InvalidOperationException("Expected Linux, whose kernel counts resident memory in /proc; this system is another.");
        if (options.Line.Text("--case") is { } name)
        {
            Print(MemoryCase.All.FirstOrDefault(c => c.Name == name) ?? throw new ArgumentException($"Expected --case to be one of {names}, got '{name}'."));
            return;
        }
        Machine.Print(options);
        foreach (var measured in options.Smoke ? MemoryCase.All.TakeLast(1) : MemoryCase.All.SkipLast(1)) RunAlone(measured.Name);
    }

    private static void Print(MemoryCase measured)
    {
        var result = measured.Measure();
        var table = new Table($"{measured.Name}, {result.Parameters / 1e6:0.0}M parameters", "plan GB", "measured GB", "plan / measured %");
        void Row(string what, long plan, long found) => table.Add(what, plan / 1e9, found / 1e9, 100.0 * plan / found);
        Row("rollout alone", result.Plan.RolloutPeak, result.Rollout);
        Row("step", result.Plan.Peak, result.Step);
        Console.WriteLine(table);
        Console.WriteLine();
        Console.WriteLine(result.Plan);
        Console.WriteLine();
    }

    private static void RunAlone(string name)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false };
        // Started through "dotnet", the process is the host and the program its first argument.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(MemoryCommand).Assembly.Location);
        foreach (var argument in new[] { "memory", "--case", name }) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"Expected the process that measures '{name}' to end with 0, got {process.ExitCode}.");
    }
}
