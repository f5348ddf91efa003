using Samples.Shared;
using TinyBase.Checkpoint;
using TorchSharp;

namespace ViSurf.Core.Benchmarks;

/// <summary>
/// Whether anything is left behind: live tensors and resident memory over many ViSurf steps of a tiny model. Resident memory is read as
/// it is, garbage and the allocator's reserves included, and compared by medians of the first and the last quarter.
/// </summary>
internal static class FlatCommand
{
    private const int Thrown = 25, Points = 40;

    public static void Execute(string[] args)
    {
        var from = new Option("--model", "DIR", "checkpoint directory (a random one of 1.5M parameters is made)");
        if (BenchmarkOptions.Parse("flat: live tensors and resident memory over many steps of a tiny model (Linux)", ("--steps", 500), args, from) is not { } options) return;
        if (!ResidentMemory.IsKnown) throw new InvalidOperationException("Expected Linux, whose kernel counts resident memory in /proc; this system is another.");
        Machine.Print(options);
        using var model = options.Line.Text("--model") is null ? BenchmarkModel.Make(options, new TinyConfig()) : BenchmarkModel.Open(options);
        var measurement = new StepMeasurement(options, model, Workload.Smoke with { NewTokens = 16, GroupSize = 4 });
        for (var i = 0; i < (options.Smoke ? 1 : Thrown); i++) measurement.Step();
        var every = Math.Max(1, options.Repeat / Points);
        var (live, resident) = (new List<long>(), new List<double>());
        for (var step = 1; step <= options.Repeat; step++)
        {
            measurement.Step();
            if (step % every != 0) continue;
            live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            resident.Add(ResidentMemory.Now / 1e6);
        }
        var quarter = Math.Max(1, resident.Count / 4);
        var (first, last) = (resident.Take(quarter).Median(), resident.TakeLast(quarter).Median());
        var table = new Table("over the steps", "first quarter", "last quarter");
        table.Add("live tensors, most", live.Take(quarter).Max(), live.TakeLast(quarter).Max());
        table.Add("resident MB, median", first, last);
        Console.WriteLine(table);
        JsonLine.Print(new
        {
            command = "flat",
            device = $"{options.Device}",
            parameters = model.Parameters,
            steps = options.Repeat,
            thrown_away = Thrown,
            live_tensors = live,
            live_tensors_grown = live[^1] - live[0],
            resident_mb = resident,
            resident_first_quarter_mb = first,
            resident_last_quarter_mb = last,
            resident_growth_mb = last - first,
        });
    }
}
