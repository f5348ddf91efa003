using Samples.Shared;
using ViSurf.Core.Training;

namespace ViSurf.Core.Benchmarks;

/// <summary>How a step's cost grows: with rollouts per prompt, with the prompt, with the completion.</summary>
internal static class ScaleCommand
{
    private const int ProbeWords = 100;

    private static readonly Option[] More =
    [
        .. BenchmarkModel.Options,
        new("--plot", "FILE", "draw it, PNG"),
        new("--sweep", "NAME", "group, prompt or completion alone (all three)"),
    ];

    /// <summary>Sizes by what is varied. The other two stay at a group of 8, a prompt of 300 tokens, completions of 64.</summary>
    private static readonly Dictionary<string, int[]> Sizes = new()
    {
        ["group"] = [1, 2, 4, 8, 16, 32],
        ["prompt"] = [100, 200, 500, 1000, 2000],
        ["completion"] = [16, 64, 256, 1024],
    };

    private static readonly Dictionary<string, int[]> SmokeSizes = new() { ["group"] = [1, 2], ["prompt"] = [60, 90], ["completion"] = [2, 4] };

    public static void Execute(string[] args)
    {
        if (BenchmarkOptions.Parse("scale: seconds of a text-only step against group size 1-32, prompt 100-2000 tokens, completion 16-1024", 2, args, More) is not { } options) return;
        var sizes = options.Smoke ? SmokeSizes : Sizes;
        var chosen = options.Line.Text("--sweep") is not { } name ? sizes.Keys.ToArray()
            : sizes.ContainsKey(name) ? [name] : throw new ArgumentException($"Expected --sweep {string.Join(", ", sizes.Keys)}, got '{name}'.");
        Machine.Print(options);
        using var model = BenchmarkModel.Open(options);
        var words = new PromptLength(model);
        var start = options.Smoke ? Workload.Smoke with { Side = 0, ExtraWords = 0 } : Workload.W1 with { Side = 0, ExtraWords = words.For(300) };
        // Thrown away, once for all sizes: code is compiled, AdamW's moments are allocated.
        new StepMeasurement(options, model, start).Run();
        var sweeps = chosen.ToDictionary(sweep => sweep, sweep => sizes[sweep].Select(size => Measure(options, model, size, sweep switch
        {
            "group" => start with { GroupSize = size },
            "prompt" => start with { ExtraWords = words.For(size) },
            _ => start with { NewTokens = size },
        }, sweep)).ToArray());
        foreach (var (sweep, points) in sweeps) Print(sweep, points);
        if (options.Line.Text("--plot") is { } file) ScalePlot.Save(sweeps, file);
        JsonLine.Print(new
        {
            command = "scale",
            device = $"{options.Device}",
            dtype = ModelType.Name(model.Type),
            parameters = model.Parameters,
            sweeps = sweeps.ToDictionary(s => s.Key, s => s.Value.Select(p => new
            {
                size = p.Size,
                tokens = p.Tokens,
                replicated_tokens = p.ReplicatedTokens,
                step_s = p.Step,
                rollout_s = p.Rollout,
                update_s = p.Update,
            })),
        });
    }

    private static ScalePoint Measure(BenchmarkOptions options, BenchmarkModel model, int size, Workload workload, string sweep)
    {
        var measurement = new StepMeasurement(options, model, workload);
        var runs = Enumerable.Range(0, options.Repeat).Select(_ => measurement.Run()).ToArray();
        // One run's phases, so that they add up to its step.
        var (best, lengths) = (runs.MinBy(r => r.Seconds.Step)!.Seconds, runs[0].Report.Lengths);
        var rows = workload.GroupSize + (workload.Label ? 1 : 0);
        var point = new ScalePoint(
            sweep == "prompt" ? (int)(lengths.PromptTokens / workload.Prompts) : size,
            lengths.PromptTokens + lengths.CompletionTokens, lengths.PromptTokens * rows + lengths.CompletionTokens,
            best.Step, best.Rollout, best.Update);
        Console.Error.WriteLine(FormattableString.Invariant($"{sweep} {point.Size}: {point.Step:0.00} s"));
        return point;
    }

    private static void Print(string sweep, ScalePoint[] points)
    {
        var table = new Table(sweep, "distinct tokens", "ratio", "step s", "ratio", "rollout s", "update s", "ratio", "replicated tokens", "ratio");
        var first = points[0];
        foreach (var p in points)
            table.Add(p.Size, p.Tokens, (double)p.Tokens / first.Tokens, p.Step, p.Step / first.Step, p.Rollout, p.Update, p.Update / first.Update,
                p.ReplicatedTokens, (double)p.ReplicatedTokens / first.ReplicatedTokens);
        Console.WriteLine($"{table}{Environment.NewLine}");
    }

    /// <summary>How many words make a question so long. Every word costs the same number of tokens.</summary>
    private sealed class PromptLength(BenchmarkModel model)
    {
        private readonly int _none = Tokens(model, 0);
        private readonly double _perWord = (Tokens(model, ProbeWords) - Tokens(model, 0)) / (double)ProbeWords;

        public int For(int tokens) => (int)Math.Max(0, Math.Round((tokens - _none) / _perWord));

        private static int Tokens(BenchmarkModel model, int words)
        {
            var prompts = Prompts.Encode(model.Encoder, (Workload.W1 with { Side = 0, Prompts = 1, ExtraWords = words }).Examples());
            foreach (var prompt in prompts) prompt.Dispose();
            return prompts[0].TokenIds.Count;
        }
    }
}
