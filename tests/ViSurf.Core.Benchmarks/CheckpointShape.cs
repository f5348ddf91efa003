using Samples.Shared;
using TinyBase.Checkpoint;

namespace ViSurf.Core.Benchmarks;

/// <summary>The sizes of a made checkpoint, as make-model is told them.</summary>
internal static class CheckpointShape
{
    private const int HeadSize = 64, PublishedHeadSize = 128;

    public static Option[] Options { get; } =
    [
        new("--shape", "NAME", "qwen2.5-vl-3b or qwen2.5-vl-7b: the published sizes; the options below change single ones"),
        new("--hidden", "N", "width of the decoder, a multiple of 256: heads of 64, four query heads to a key-value head (512)"),
        new("--layers", "N", "layers of the decoder (8)"),
        new("--intermediate", "N", "width inside the decoder's MLP (1408)"),
        new("--vision-hidden", "N", "width of the vision tower, a multiple of 64 (256)"),
        new("--vision-depth", "N", "blocks of the vision tower (4); every fourth, and the last, looks at the whole picture"),
        new("--vision-intermediate", "N", "width inside the tower's MLP (twice its width)"),
        new("--vocab", "N", "rows of the embedding, rounded up to a multiple of 64 (8192)"),
        new("--tied", null, "the head is the embedding"),
    ];

    /// <summary>Qwen2.5-VL-7B-Instruct's config.json.</summary>
    public static TinyConfig Published7B { get; } = new()
    {
        Hidden = 3584,
        Layers = 28,
        Heads = 28,
        KeyValueHeads = 4,
        Intermediate = 18944,
        RopeSections = Sections(PublishedHeadSize),
        RopeTheta = 1e6,
        VisionHidden = 1280,
        VisionDepth = 32,
        VisionHeads = 16,
        VisionIntermediate = 3420,
        VisionWindow = 112,
        FullAttention = [7, 15, 23, 31],
        InitializerRange = 0.02,
        TiedHead = false,
        WeightType = "bfloat16",
        MaxPositions = 128000,
        MaxVocabulary = 152064 - SpecialTokens.All.Count,
    };

    /// <summary>
    /// Qwen2.5-VL-3B-Instruct's config.json: the tower of the 7B, a narrower and deeper decoder, whose head is its embedding.
    /// </summary>
    public static TinyConfig Published3B { get; } = Published7B with
    {
        Hidden = 2048,
        Layers = 36,
        Heads = 16,
        KeyValueHeads = 2,
        Intermediate = 11008,
        TiedHead = true,
        MaxVocabulary = 151936 - SpecialTokens.All.Count,
    };

    /// <exception cref="ArgumentException">An unknown shape, or sizes that give no whole heads.</exception>
    public static TinyConfig Parse(CommandLine line)
    {
        var start = line.Text("--shape") switch
        {
            null => RandomCheckpoint.Medium,
            "qwen2.5-vl-3b" => Published3B,
            "qwen2.5-vl-7b" => Published7B,
            var other => throw new ArgumentException($"Expected --shape qwen2.5-vl-3b or qwen2.5-vl-7b, got '{other}'."),
        };
        var (hidden, vision) = (line.Number("--hidden", start.Hidden, 1), line.Number("--vision-hidden", start.VisionHidden, 1));
        var depth = line.Number("--vision-depth", start.VisionDepth, 1);
        var shaped = start with
        {
            Layers = line.Number("--layers", start.Layers, 1),
            Intermediate = line.Number("--intermediate", start.Intermediate, 1),
            VisionDepth = depth,
            FullAttention = depth == start.VisionDepth ? start.FullAttention : [.. Enumerable.Range(0, depth).Where(i => i % 4 == 3 || i == depth - 1)],
            VisionIntermediate = line.Number("--vision-intermediate", vision == start.VisionHidden ? start.VisionIntermediate : 2 * vision, 1),
            MaxVocabulary = line.Number("--vocab", start.MaxVocabulary + SpecialTokens.All.Count, 512) - SpecialTokens.All.Count,
            TiedHead = start.TiedHead || line.Has("--tied"),
        };
        if (hidden != start.Hidden) shaped = Heads(shaped, hidden);
        if (vision == start.VisionHidden) return shaped;
        return vision % HeadSize == 0 ? shaped with { VisionHidden = vision, VisionHeads = vision / HeadSize }
            : throw new ArgumentException($"Expected a multiple of {HeadSize} after --vision-hidden, got {vision}.");
    }

    private static TinyConfig Heads(TinyConfig config, int hidden)
        => hidden % (4 * HeadSize) == 0
            ? config with { Hidden = hidden, Heads = hidden / HeadSize, KeyValueHeads = hidden / HeadSize / 4, RopeSections = Sections(HeadSize) }
            : throw new ArgumentException($"Expected a multiple of {4 * HeadSize} after --hidden (heads of {HeadSize}, 4 to a key-value head), got {hidden}.");

    /// <summary>A quarter of the frequencies for time, three eighths each for height and width, as published.</summary>
    private static int[] Sections(int head) => [head / 8, head * 3 / 16, head * 3 / 16];
}
