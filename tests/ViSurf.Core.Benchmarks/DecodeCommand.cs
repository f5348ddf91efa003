using Samples.Shared;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>Times rollouts alone: the prompt pass, then each token, beside the bytes that a token cannot avoid reading.</summary>
internal static class DecodeCommand
{
    private static readonly Option[] More =
    [
        .. BenchmarkModel.Options.Where(o => o.Name == "--lora" || !BenchmarkModel.Training.Contains(o)),
        .. Workload.Options,
        .. SharingOptions.Options,
        Workload.RowsOption,
    ];

    private static readonly Workload Default = Workload.W1 with { Prompts = 1, GroupSize = 16, NewTokens = 128 };

    public static void Execute(string[] args)
    {
        if (BenchmarkOptions.Parse("decode: tokens per second of rollouts (1 prompt, 16 rollouts, 128 tokens)", 3, args, More) is not { } options) return;
        var workload = Workload.Parse(options.Line, options.Smoke ? Workload.Smoke with { Prompts = 1 } : Default);
        if (workload.NewTokens < 2) throw new ArgumentException("Expected --completion 2 or more, got 1: the first token belongs to the prompt pass.");
        var modes = SharingOptions.Parse(options.Line);
        var rows = Workload.Rows(options.Line, workload.GroupSize);
        Machine.Print(options);
        using var peak = new DevicePeak(options.Device);
        using var model = BenchmarkModel.Open(options);
        var rates = new DecodeRates(Rates.Copy(options), Rates.Read(options), Rates.Matmul(options, model.Type));
        foreach (var group in rows) Measure(options, model, workload with { GroupSize = group }, modes, rates, peak);
    }

    /// <summary>Bytes copied (read and written) and read a second, operations a second.</summary>
    private sealed record DecodeRates(double Copy, double Read, double Matmul);

    private static void Measure(BenchmarkOptions options, BenchmarkModel model, Workload workload, Sharing[] modes, DecodeRates rates, DevicePeak peak)
    {
        var measurements = modes.Select(mode => new DecodeMeasurement(options, model, workload, mode == Sharing.Replicated)).ToArray();
        foreach (var measurement in measurements) measurement.Run();   // thrown away
        var runs = modes.Select(_ => new List<DecodeRun>()).ToArray();
        for (var i = 0; i < options.Repeat; i++)
            for (var mode = 0; mode < modes.Length; mode++) runs[mode].Add(measurements[mode].Run());
        var (memory, deviceMemory) = (Machine.PeakMemory(), peak.Gb);
        var prompts = measurements[0].PromptTokens();
        var (copy, read, flops) = (rates.Copy, rates.Read, FlopsFloor(model, workload, prompts, rates.Matmul));

        var table = new Table("decode", "prompt s", "ms / token", "tokens/s", "decode tokens/s", "bytes floor ms", "floor / median %", "FLOPs floor ms");
        var numbers = modes.Select((mode, i) => Numbers(workload, runs[i], Floor(mode))).ToArray();
        for (var i = 0; i < modes.Length; i++)
        {
            var (n, floor) = (numbers[i], 1e3 * Floor(modes[i]));
            table.Add(modes[i].Name(), runs[i].Select(r => r.Prompt).Median(), n["token_ms"]!, n["tokens_per_s"]!, n["decode_tokens_per_s"]!, floor, 100 * floor / (double)n["token_ms"]!, 1e3 * flops);
        }
        Console.WriteLine(table);
        Console.WriteLine(FormattableString.Invariant($"{model.Parameters / 1e6:0.0}M parameters, {prompts.Sum()} prompt tokens, copy {copy / 1e9:0.0} GB/s, read {read / 1e9:0.0} GB/s, peak memory of the process {memory:0.00} GB"));

        var json = new Dictionary<string, object?>
        {
            ["command"] = "decode",
            ["mode"] = modes[0].Name(),
            ["device"] = $"{options.Device}",
            ["threads"] = get_num_threads(),
            ["card"] = Card.Name(options.Device),
            ["dtype"] = ModelType.Name(model.Type),
            ["fused"] = model.Fused,
            ["lora"] = model.Rank,
            ["parameters"] = model.Parameters,
            ["image_side"] = workload.Side,
            ["group"] = workload.GroupSize,
            ["completion"] = workload.NewTokens,
            ["prompts"] = workload.Prompts,
            ["prompt_tokens"] = prompts.Sum(),
        };
        foreach (var (name, value) in numbers[0]) json[name] = value;
        json["flops_floor_ms"] = 1e3 * flops;
        json["copy_gb_per_s"] = copy / 1e9;
        json["read_gb_per_s"] = read / 1e9;
        json["peak_rss_gb"] = memory;
        json["device_peak_gb"] = deviceMemory;
        if (modes.Length > 1)
        {
            json["replicated"] = numbers[1];
            json["ratio"] = new { total = Ratio(runs, r => r.Total), prompt = Ratio(runs, r => r.Prompt), token = Ratio(runs, r => r.Total - r.Prompt) };
        }
        JsonLine.Print(json);

        // Seconds of one step, were it to do nothing but read, as fast as the machine was seen to: a copy also writes, and is slower.
        double Floor(Sharing mode) => new DecodeBytes(model.Policy.Config, model.Type == ScalarType.BFloat16 ? 2 : 4)
            .Step(prompts, workload.GroupSize, workload.NewTokens, mode == Sharing.Replicated) / Math.Max(copy, read);
    }

    /// <summary>
    /// Seconds of one step, were it to do nothing but multiply, as fast as libtorch ever does: at the rate of a square product.
    /// </summary>
    private static double FlopsFloor(BenchmarkModel model, Workload workload, IReadOnlyList<int> prompts, double rate)
    {
        var (count, steps) = (new Flops(model.Policy.Config), workload.NewTokens - 1);
        var operations = workload.GroupSize * prompts.Sum(prompt => count.Decoder(prompt, steps)) / steps
            + count.Head(workload.Prompts * workload.GroupSize);
        return operations / rate;
    }

    private static Dictionary<string, object?> Numbers(Workload workload, List<DecodeRun> runs, double floor)
    {
        var steps = workload.NewTokens - 1;
        var token = runs.Select(r => (r.Total - r.Prompt) / steps).Median();
        return new Dictionary<string, object?>
        {
            ["total_s"] = runs.Select(r => r.Total).ToArray(),
            ["prompt_s"] = runs.Select(r => r.Prompt).ToArray(),
            ["cpu_s"] = runs.Select(r => r.Processor).ToArray(),
            ["tokens_per_s"] = workload.RolloutTokens / runs.Select(r => r.Total).Median(),
            ["decode_tokens_per_s"] = workload.Prompts * workload.GroupSize / token,
            ["token_ms"] = 1e3 * token,
            ["bytes_floor_ms"] = 1e3 * floor,
            ["bytes_floor_fraction"] = floor / token,
        };
    }

    private static double Ratio(List<DecodeRun>[] runs, Func<DecodeRun, double> of) => runs[1].Select(of).Median() / runs[0].Select(of).Median();
}
