using SkiaSharp;
using TinyBase.Checkpoint;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;

namespace ViSurf.Core.Benchmarks;

/// <summary>One kind of training step.</summary>
/// <param name="Name">W1 or W2.</param>
/// <param name="Side">Pixels per side of the picture.</param>
/// <param name="NewTokens">Tokens of each rollout, exactly: no token stops it.</param>
internal sealed record Workload(string Name, int Side, int NewTokens)
{
    public const int Prompts = 2;

    /// <summary>A large picture and short answers.</summary>
    public static Workload W1 { get; } = new("W1", 448, 64);

    /// <summary>A small picture and long answers.</summary>
    public static Workload W2 { get; } = new("W2", 112, 256);

    public int GroupSize { get; init; } = 8;

    public TinyConfig Model { get; init; } = RandomCheckpoint.Medium;

    public TrainerOptions Options => new() { GroupSize = GroupSize, MaxNewTokens = NewTokens, MaxPromptTokens = 4000, MicroBatchTokens = 16_384 };

    public IReadOnlyList<VisionExample> Examples() => [.. Enumerable.Range(0, Prompts).Select(i => VisionExample.Ask(
        $"{Name}-{i}", "Where is the red square? Answer with its box and its centre.",
        new GroundingTarget([new GroundedObject(new Box(10, 20, 40, 50), new PixelPoint(25, 35))]), ImageSource.FromBytes(Picture(i), $"picture {i}")))];

    /// <summary>ViSurf's parts with a reward that random weights never earn and a label always does: no group is neutral, none is skipped.</summary>
    public TrainerParts Parts(QwenPromptEncoder encoder, QwenVlPolicy policy, AdamWOptimizer optimizer)
        => TrainerParts.ViSurf(encoder, policy, new AutoregressiveSampler(new SamplingOptions { SuppressedIds = encoder.SuppressedIds }),
            new RewardSuite(RewardFunction.From("has_box", (_, completion) => completion.Text.Contains("bbox_2d", StringComparison.Ordinal) ? 1.0 : 0.0)), optimizer);

    private byte[] Picture(int seed)
    {
        using var bitmap = new SKBitmap(Side, Side);
        for (var y = 0; y < Side; y++)
            for (var x = 0; x < Side; x++) bitmap.SetPixel(x, y, new SKColor((byte)(x + 31 * seed), (byte)y, (byte)(x * y)));
        using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }
}
