using Samples.Shared;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>Times a ViSurf step and compares each phase with the floor: its unavoidable operations at the matmul rate of the same run.</summary>
internal static class StepCommand
{
    private const double RateSeconds = 0.1;

    private static readonly Option[] More =
    [
        .. BenchmarkModel.Options,
        .. Workload.Options,
        .. SharingOptions.Options,
        new("--peak-tflops", "N", "what the device's maker promises for the dtype: update_mfu is measured against it (by the card's name; none on the CPU)"),
    ];

    public static void Execute(string[] args)
    {
        if (BenchmarkOptions.Parse("step: seconds of a ViSurf step", ("--steps", 3), args, More) is not { } options) return;
        var workload = Workload.Parse(options.Line, options.Smoke ? Workload.Smoke : Workload.W1);
        var modes = SharingOptions.Parse(options.Line);
        double? tflops = options.Line.Text("--peak-tflops") is null ? Card.Tflops(Card.Name(options.Device)) : options.Line.Number("--peak-tflops", 0, 1);
        Machine.Print(options);
        using var peak = new DevicePeak(options.Device);
        using var model = BenchmarkModel.Open(options);
        Console.WriteLine(JsonLine.Text(Measure(options, model, workload, modes, tflops, peak)));
    }

    /// <summary>Measures, prints tables, returns what the JSON line says.</summary>
    private static Dictionary<string, object?> Measure(BenchmarkOptions options, BenchmarkModel model, Workload workload, Sharing[] modes, double? tflops, DevicePeak peak)
    {
        var measurements = modes.Select(mode => new StepMeasurement(options, model, workload, mode == Sharing.Replicated)).ToArray();
        // Thrown away, in every mode: code is compiled, AdamW's moments are allocated, memory is touched for the first time.
        var first = measurements.Select(m => m.Run()).ToArray()[0];
        var rows = measurements[0].PassRows(first.Report);
        var rates = new List<double> { Rate(options, model, rows) };
        var runs = modes.Select(_ => new List<StepRun>()).ToArray();
        for (var step = 0; step < options.Repeat; step++)
        {
            for (var mode = 0; mode < modes.Length; mode++) runs[mode].Add(measurements[mode].Run());
            rates.Add(Rate(options, model, rows));
        }
        var (memory, deviceMemory) = (Machine.PeakMemory(), peak.Gb);
        var (flops, rate) = (measurements[0].Flops(first.Report), rates.Median());
        for (var mode = 0; mode < modes.Length; mode++) Console.WriteLine($"{Table(modes[mode], runs[mode], flops, rate)}{Environment.NewLine}");
        Console.WriteLine(FormattableString.Invariant(
            $"{model.Parameters / 1e6:0.0}M parameters, {first.Report.Lengths.PromptTokens} prompt tokens, {first.Report.Lengths.CompletionTokens} completion tokens (labels included)"));
        Console.WriteLine(FormattableString.Invariant($"matmul {rate / 1e9:0.0} GFLOP/s, peak memory of the process {memory:0.00} GB"));

        var update = runs[0].Select(r => r.Seconds.Update).Median();
        var json = new Dictionary<string, object?>
        {
            ["command"] = "step",
            ["mode"] = modes[0].Name(),
            ["device"] = $"{options.Device}",
            ["threads"] = get_num_threads(),
            ["card"] = Card.Name(options.Device),
            ["dtype"] = ModelType.Name(model.Type),
            ["parameters"] = model.Parameters,
            ["fused"] = model.Fused,
            ["lora"] = model.Rank,
            ["recompute"] = model.Recompute,
            ["moments"] = ModelType.Name(model.Moments),
            ["image_side"] = workload.Side,
            ["group"] = workload.GroupSize,
            ["completion"] = workload.NewTokens,
            ["prompts"] = workload.Prompts,
            ["label"] = workload.Label,
            ["prompt_tokens"] = first.Report.Lengths.PromptTokens,
            ["completion_tokens"] = first.Report.Lengths.CompletionTokens,
        };
        foreach (var (name, value) in Numbers(runs[0], workload)) json[name] = value;
        json["matmul_gflops"] = rate / 1e9;
        json["matmul_best_gflops"] = rates.Max() / 1e9;
        json["floor_s"] = (flops.Rollout + flops.Update) / rate;
        json["rollout_floor_s"] = flops.Rollout / rate;
        json["update_floor_s"] = flops.Update / rate;
        json["update_floor_fraction"] = flops.Update / rate / update;
        json["update_gflop"] = flops.Update / 1e9;
        json["peak_tflops"] = tflops;
        json["update_mfu"] = flops.Update / update / (tflops * 1e12);
        json["peak_rss_gb"] = memory;
        json["device_peak_gb"] = deviceMemory;
        if (modes.Length == 1) return json;
        json["replicated"] = Numbers(runs[1], workload);
        var ratios = Ratios(runs[0], runs[1]);
        json["ratio"] = ratios;
        Console.WriteLine($"replicated / shared, median by the clock: {string.Join(", ", ratios.Select(r => FormattableString.Invariant($"{r.Key} {r.Value:0.00}")))}");
        return json;
    }

    private static Dictionary<string, object?> Numbers(List<StepRun> runs, Workload workload)
    {
        double[] Wall(Func<StepSeconds, double> phase) => [.. runs.Select(r => phase(r.Seconds))];
        double[] Processor(Func<StepSeconds, double> phase) => [.. runs.Select(r => phase(r.Processor))];
        return new Dictionary<string, object?>
        {
            ["step_s"] = Wall(s => s.Step),
            ["rollout_s"] = Wall(s => s.Rollout),
            ["score_s"] = Wall(s => s.Score),
            ["update_s"] = Wall(s => s.Update),
            ["cpu_s"] = new { step = Processor(s => s.Step), rollout = Processor(s => s.Rollout), score = Processor(s => s.Score), update = Processor(s => s.Update) },
            ["tokens_per_s"] = workload.RolloutTokens / Wall(s => s.Rollout).Median(),
        };
    }

    private static Dictionary<string, double> Ratios(List<StepRun> shared, List<StepRun> replicated)
    {
        double Ratio(Func<StepSeconds, double> phase) => replicated.Select(r => phase(r.Seconds)).Median() / shared.Select(r => phase(r.Seconds)).Median();
        return new() { ["step"] = Ratio(s => s.Step), ["rollout"] = Ratio(s => s.Rollout), ["score"] = Ratio(s => s.Score), ["update"] = Ratio(s => s.Update) };
    }

    private static Table Table(Sharing mode, List<StepRun> runs, StepFlops flops, double rate)
    {
        var table = new Table(mode.Name(), "median s", "min s", "processor s", "GFLOP", "floor s", "floor / median %");
        void Row(string phase, Func<StepSeconds, double> of, double operations)
        {
            var (median, floor) = (runs.Select(r => of(r.Seconds)).Median(), operations / rate);
            table.Add(phase, median, runs.Min(r => of(r.Seconds)), runs.Select(r => of(r.Processor)).Median(), operations / 1e9, floor, 100 * floor / median);
        }

        Row("rollout", s => s.Rollout, flops.Rollout);
        Row("update", s => s.Update, flops.Update);
        Row("step", s => s.Step, flops.Rollout + flops.Update);
        Row("score (extra)", s => s.Score, flops.Score);
        return table;
    }

    /// <summary>The product that most of the work is made of: the rows of a pass times a matrix of the MLP. Between steps, since a machine's rate drifts.</summary>
    private static double Rate(BenchmarkOptions options, BenchmarkModel model, long rows)
    {
        var text = model.Policy.Config.Text;
        return Rates.Matmul(options, model.Type, (Math.Clamp(rows, 64, 4096), text.HiddenSize, text.IntermediateSize), RateSeconds);
    }
}
