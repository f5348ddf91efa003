using TinyBase.Checkpoint;
using TorchSharp;

namespace ViSurf.Core.Benchmarks;

/// <summary>
/// How much of a small model's step is managed code. The runtime's sampling profiler notes every millisecond whether the thread is in
/// managed code or outside (libtorch); TorchSharp's own wrappers count as managed.
/// </summary>
internal static class OverheadCommand
{
    public static void Execute(string[] args)
    {
        if (BenchmarkOptions.Parse("overhead: share of a 1.5M-parameter model's step spent in managed code, one torch thread", 5, args) is not { } options) return;
        torch.set_num_threads(1);
        Machine.Print(options);
        using var model = BenchmarkModel.Make(options, new TinyConfig());
        var measurement = new StepMeasurement(options, model, options.Smoke ? Workload.Smoke : Workload.W2);
        for (var i = 0; i < 2; i++) measurement.Step();
        var samples = ThreadSamples.Of(() =>
        {
            for (var i = 0; i < options.Repeat; i++) measurement.Step();
        });
        var table = new Table("where", "samples", "%");
        table.Add("managed code", samples.Managed, 100.0 * samples.Managed / samples.Total);
        table.Add("libtorch and other native code", samples.Native, 100.0 * samples.Native / samples.Total);
        Console.WriteLine(table);
        Console.WriteLine(FormattableString.Invariant($"{model.Parameters / 1e6:0.0}M parameters, {options.Repeat} steps"));
    }
}
