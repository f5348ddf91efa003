using Samples.Shared;

namespace Quickstart;

/// <summary>What the command line says.</summary>
internal sealed record QuickstartOptions
{
    /// <summary>A checkpoint directory: the committed tiny model, or any Qwen2.5-VL.</summary>
    public required string Model { get; init; }

    /// <summary>JSON Lines rows to train on.</summary>
    public required string Data { get; init; }

    /// <summary>JSON Lines rows that training never sees.</summary>
    public required string HeldOut { get; init; }

    /// <summary>Where the results go.</summary>
    public required string Output { get; init; }

    /// <summary>"cpu", "cuda" or "cuda:N".</summary>
    public required string Device { get; init; }

    /// <summary>Optimizer steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Root of all randomness.</summary>
    public required int Seed { get; init; }

    /// <summary>Most held-out rows to look at.</summary>
    public required int MostHeldOut { get; init; }

    public static CommandLine Describe() => new(
        """
        Post-trains a vision-language model with ViSurf and shows what it learned.

          dotnet run -c Release --project samples/Quickstart -- [options]
        """,
        new Option("--model", "DIR", "checkpoint directory (samples/assets/tiny-base)"),
        new Option("--data", "FILE", "training rows, JSON Lines (samples/assets/shapes/train.jsonl)"),
        new Option("--heldout", "FILE", "held-out rows (heldout.jsonl beside --data)"),
        new Option("--steps", "N", $"optimizer steps ({Recipe.Steps})"),
        new Option("--seed", "N", "seed of rollouts and row order (1)"),
        new Option("--device", "NAME", "cpu, cuda or cuda:N (cpu); cuda needs dotnet run -p:Torch=cuda"),
        new Option("--output", "DIR", "results (out/quickstart)"),
        new Option("--smoke", null, "2 steps and 8 held-out rows, to see that everything runs"));

    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static QuickstartOptions Read(CommandLine line)
    {
        var smoke = line.Has("--smoke");
        var data = line.Text("--data") ?? Path.Combine(Assets.Root, "shapes", "train.jsonl");
        return new QuickstartOptions
        {
            Model = line.Text("--model") ?? Path.Combine(Assets.Root, "tiny-base"),
            Data = data,
            HeldOut = line.Text("--heldout") ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(data))!, "heldout.jsonl"),
            Output = line.Text("--output") ?? Path.Combine(Assets.Repository, "out", "quickstart"),
            Device = line.Text("--device") ?? "cpu",
            Steps = line.Number("--steps", smoke ? 2 : Recipe.Steps, 1),
            Seed = line.Number("--seed", 1, 0),
            MostHeldOut = smoke ? 8 : int.MaxValue,
        };
    }
}
