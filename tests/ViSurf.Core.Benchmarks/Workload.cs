using Samples.Shared;
using SkiaSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;

namespace ViSurf.Core.Benchmarks;

/// <summary>What a step or a decoding has to do.</summary>
internal sealed record Workload
{
    /// <summary>Tokens of a micro-batch.</summary>
    private const int MicroBatch = 16_384;

    /// <summary>A large picture and short answers.</summary>
    public static Workload W1 { get; } = new();

    /// <summary>A small picture and long answers.</summary>
    public static Workload W2 { get; } = new() { Side = 112, NewTokens = 256 };

    /// <summary>For --smoke.</summary>
    public static Workload Smoke { get; } = new() { Side = 56, NewTokens = 4, GroupSize = 2 };

    public static Option[] Options { get; } =
    [
        new("--workload", "NAME", "W1: --image-side 448 --completion 64; W2: --image-side 112 --completion 256"),
        new("--image-side", "N", "pixels per side of each prompt's picture; 0 for none (448)"),
        new("--completion", "N", "tokens of each rollout, exactly: nothing stops it (64)"),
        new("--group", "N", "rollouts per prompt (8)"),
        new("--prompts", "N", "prompts a step (2)"),
        new("--no-label", null, "rollouts alone: no ground truth joins its group"),
        new("--micro-batch", "N", "token budget of a micro-batch (16384)"),
        new("--micro-batch-rows", "N", "most rows of a micro-batch (those of one group, so that a step needs the activations of one)"),
    ];

    /// <summary>Several group sizes in one run.</summary>
    public static Option RowsOption { get; } = new("--rows", "N,N,…", "rollouts per prompt, each number on its own, with a JSON line each (--group)");

    /// <summary>Pixels per side of the picture; 0 for a prompt without one.</summary>
    public int Side { get; init; } = 448;

    /// <summary>Tokens of each rollout, exactly: no token stops it.</summary>
    public int NewTokens { get; init; } = 64;

    public int GroupSize { get; init; } = 8;

    public int Prompts { get; init; } = 2;

    /// <summary>Whether the ground truth joins each group.</summary>
    public bool Label { get; init; } = true;

    /// <summary>Words that make the question longer.</summary>
    public int ExtraWords { get; init; }

    public int MicroBatchTokens { get; init; } = MicroBatch;

    /// <summary>0 for one group.</summary>
    public int MicroBatchRows { get; init; }

    public int RolloutTokens => Prompts * GroupSize * NewTokens;

    /// <summary>The workload that a command line asks for, over the command's own defaults.</summary>
    /// <exception cref="ArgumentException">An unknown name, or a number below 1 (0 for the picture).</exception>
    public static Workload Parse(CommandLine line, Workload defaults)
    {
        var start = line.Text("--workload") switch
        {
            null => defaults,
            "W1" => defaults with { Side = W1.Side, NewTokens = W1.NewTokens },
            "W2" => defaults with { Side = W2.Side, NewTokens = W2.NewTokens },
            var other => throw new ArgumentException($"Expected --workload W1 or W2, got '{other}'."),
        };
        return start with
        {
            Side = line.Number("--image-side", start.Side, 0),
            NewTokens = line.Number("--completion", start.NewTokens, 1),
            GroupSize = line.Number("--group", start.GroupSize, 1),
            Prompts = line.Number("--prompts", start.Prompts, 1),
            Label = start.Label && !line.Has("--no-label"),
            MicroBatchTokens = line.Number("--micro-batch", start.MicroBatchTokens, 1),
            MicroBatchRows = line.Number("--micro-batch-rows", start.MicroBatchRows, 0),
        };
    }

    /// <summary>The group sizes that <see cref="RowsOption"/> asks for, one otherwise.</summary>
    /// <exception cref="ArgumentException">Not whole numbers of at least 1 with commas between them.</exception>
    public static int[] Rows(CommandLine line, int otherwise)
        => line.Text(RowsOption.Name) is not { } text ? [otherwise]
            : [.. text.Split(',').Select(part => int.TryParse(part, out var rows) && rows > 0 ? rows
                : throw new ArgumentException($"Expected whole numbers of at least 1 with commas between them after {RowsOption.Name}, got '{text}'."))];

    public IReadOnlyList<VisionExample> Examples() => [.. Enumerable.Range(0, Prompts).Select(i => VisionExample.Ask(
        $"prompt-{i}", "Where is the red square? Answer with its box and its centre." + string.Concat(Enumerable.Repeat(" ab", ExtraWords)),
        new GroundingTarget([new GroundedObject(new Box(10, 20, 40, 50), new PixelPoint(25, 35))]),
        Side == 0 ? [] : [ImageSource.FromBytes(Picture(i), $"picture {i}")]) with { LabelFrame = FrameSize.OfModel })];

    /// <param name="replicatedPrompt">
    /// Tokens of the longest prompt when each row carries its own, so that the budget bounds what is computed then; null when it is shared.
    /// </param>
    public TrainerOptions TrainerOptions(int? replicatedPrompt) => new()
    {
        GroupSize = GroupSize,
        MaxNewTokens = NewTokens,
        MaxPromptTokens = int.MaxValue,
        MicroBatchTokens = MicroBatchTokens,
        MicroBatchRows = Math.Min(
            MicroBatchRows > 0 ? MicroBatchRows : GroupSize + (Label ? 1 : 0),
            replicatedPrompt is { } prompt ? Math.Max(1, MicroBatchTokens / (prompt + NewTokens)) : int.MaxValue),
    };

    /// <summary>Draws from the policy itself; nothing ends a rollout but its length.</summary>
    public static AutoregressiveSampler Sampler(QwenPromptEncoder encoder) => new(new SamplingOptions { SuppressedIds = encoder.SuppressedIds });

    /// <summary>
    /// VisionReasoner's rewards, which random weights hardly earn and a label does, and a small one that differs between any two texts: no
    /// group is neutral, with label or without, so none is skipped.
    /// </summary>
    public static RewardSuite Rewards() => VisionReasonerRewards.Suite().With(
        RewardFunction.From("letters", (_, completion) => completion.Text.Sum(c => (double)c) % 1009 / 1009), weight: 0.1);

    private byte[] Picture(int seed)
    {
        using var bitmap = new SKBitmap(Side, Side);
        for (var y = 0; y < Side; y++)
            for (var x = 0; x < Side; x++) bitmap.SetPixel(x, y, new SKColor((byte)(x + 31 * seed), (byte)y, (byte)(x * y)));
        using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }
}
