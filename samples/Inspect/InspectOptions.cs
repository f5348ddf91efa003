using Samples.Shared;
using TorchSharp;
using ViSurf.Core.Models.Adapters;

namespace Inspect;

/// <summary>What the command line says.</summary>
internal sealed record InspectOptions
{
    /// <summary>A checkpoint directory.</summary>
    public required string Model { get; init; }

    /// <summary>A PEFT directory to put on it, or null.</summary>
    public required string? Adapter { get; init; }

    /// <summary>A picture, or null for a question about none.</summary>
    public required string? Image { get; init; }

    /// <summary>What the model is asked.</summary>
    public required string Question { get; init; }

    /// <summary>"cpu", "cuda" or "cuda:N".</summary>
    public required string Device { get; init; }

    /// <summary>Dtype to load the weights in.</summary>
    public required torch.ScalarType Type { get; init; }

    /// <summary>What does not train in the memory plan; null when all does.</summary>
    public required ParameterFilter? Frozen { get; init; }

    /// <summary>Prompts of a planned step.</summary>
    public required int Prompts { get; init; }

    /// <summary>Rollouts per prompt of a planned step.</summary>
    public required int Group { get; init; }

    /// <summary>Most tokens of a rollout and of the answer.</summary>
    public required int NewTokens { get; init; }

    public static string Help => Describe().Help;

    /// <returns>Null when help was asked for.</returns>
    /// <exception cref="ArgumentException">An unknown option or a value that does not fit.</exception>
    public static InspectOptions? Parse(string[] args)
    {
        var named = args is [var first, ..] && !first.StartsWith('-');
        var line = Describe().Parse(named ? args[1..] : args);
        if (line.WantsHelp) return null;
        if (line.Has("--adapter") && line.Has("--freeze")) throw new ArgumentException("Expected --adapter or --freeze, got both: with an adapter nothing else trains.");
        var (image, question) = (line.Text("--image"), line.Text("--question"));
        return new InspectOptions
        {
            Model = named ? args[0] : Path.Combine(Assets.Root, "tiny-base"),
            Adapter = line.Text("--adapter"),
            // Without both: a picture of the repository. A question alone is a question about no picture.
            Image = image ?? (question is null ? Path.Combine(Assets.Root, "shapes", "images", "heldout-0000.png") : null),
            Question = question ?? (image is null ? "Find the yellow cross." : "Describe the picture."),
            Device = line.Text("--device") ?? "cpu",
            Type = Choice(line, "--dtype", "float32",
                ("float32", torch.ScalarType.Float32), ("bfloat16", torch.ScalarType.BFloat16), ("float16", torch.ScalarType.Float16)),
            Frozen = Choice(line, "--freeze", "nothing",
                ("nothing", null), ("vision", ParameterFilter.Vision), ("tower", ParameterFilter.VisionTower), ("merger", ParameterFilter.Merger), ("embeddings", ParameterFilter.Embeddings)),
            Prompts = line.Number("--prompts", 16, 1),
            Group = line.Number("--group", 8, 1),
            NewTokens = line.Number("--new-tokens", 256, 1),
        };
    }

    private static CommandLine Describe() => new(
        """
        Shows what is in a checkpoint directory, what training it would need, and how it answers.

          dotnet run -c Release --project samples/Inspect -- [DIR] [options]

        DIR is a checkpoint directory (samples/assets/tiny-base).
        """,
        new Option("--image", "FILE", "a picture (one of samples/assets/shapes; none when only a question is given)"),
        new Option("--question", "TEXT", "what to ask"),
        new Option("--adapter", "DIR", "a PEFT adapter to put on the checkpoint; then it alone trains"),
        new Option("--dtype", "NAME", "float32, bfloat16 or float16 (float32)"),
        new Option("--device", "NAME", "cpu, cuda or cuda:N (cpu); cuda needs dotnet run -p:Torch=cuda"),
        new Option("--freeze", "NAME", "memory plan: vision, tower, merger or embeddings do not train (nothing)"),
        new Option("--prompts", "N", "memory plan: prompts of a step (16)"),
        new Option("--group", "N", "memory plan: rollouts per prompt (8)"),
        new Option("--new-tokens", "N", "most tokens of a rollout and of the answer (256)"));

    private static T Choice<T>(CommandLine line, string name, string otherwise, params (string Name, T Value)[] choices)
    {
        var wanted = line.Text(name) ?? otherwise;
        foreach (var choice in choices)
            if (choice.Name == wanted) return choice.Value;
        throw new ArgumentException($"Expected {string.Join(", ", choices.Select(c => c.Name))} after {name}, got '{wanted}'.");
    }
}
