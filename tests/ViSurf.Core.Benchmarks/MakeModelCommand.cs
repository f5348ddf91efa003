using Samples.Shared;
using TinyBase.Checkpoint;

namespace ViSurf.Core.Benchmarks;

/// <summary>Makes a checkpoint directory with random weights, which Hugging Face transformers loads too.</summary>
internal static class MakeModelCommand
{
    private static readonly Option[] More =
    [
        new("--out", "DIR", "where to write (needed)"),
        new("--tokenizer", "DIR", "take tokenizer and chat template from this checkpoint; otherwise one is made"),
        new("--dtype", "NAME", "float32 or bfloat16, of the file (float32; bfloat16 for --shape)"),
        new("--seed", "N", "seed of the weights (1)"),
        .. CheckpointShape.Options,
    ];

    public static void Execute(string[] args)
    {
        if (BenchmarkOptions.Parse("make-model: a Qwen2.5-VL checkpoint directory with random weights", 1, args, More) is not { } options) return;
        var line = options.Line;
        using var temporary = options.Smoke && line.Text("--out") is null ? new TemporaryFolder() : null;
        var folder = line.Text("--out") ?? temporary?.Path ?? throw new ArgumentException("Expected --out DIR, got nothing: where to write the checkpoint.");
        var shape = options.Smoke ? new TinyConfig() : CheckpointShape.Parse(line);
        var type = ModelType.Parse(line.Text("--dtype") ?? shape.WeightType);
        RandomCheckpoint.Write(folder, shape with { WeightType = ModelType.Name(type) });
        if (line.Text("--tokenizer") is { } tokenizer) BorrowedTokenizer.Take(folder, tokenizer);
        var parameters = RandomCheckpoint.WriteWeights(folder, type, options.Device, line.Number("--seed", 1, 0));
        Console.WriteLine(FormattableString.Invariant($"{parameters / 1e6:0.0}M parameters in {ModelType.Name(type)} in {folder}"));
        JsonLine.Print(new { command = "make-model", folder, parameters, dtype = ModelType.Name(type) });
    }
}
