using TinyBase.Checkpoint;
using ViSurf.Core.Models.QwenVl;

namespace ViSurf.Core.Benchmarks;

/// <summary>A checkpoint directory of any size, without weights: random ones cost as much.</summary>
internal static class RandomCheckpoint
{
    /// <summary>About 35 million parameters, 23 in the decoder, 12 in the vision tower and merger.</summary>
    public static TinyConfig Medium { get; } = new()
    {
        Hidden = 512,
        Layers = 8,
        Heads = 8,
        KeyValueHeads = 2,
        Intermediate = 1408,
        RopeSections = [8, 12, 12],
        VisionHidden = 256,
        VisionDepth = 8,
        VisionHeads = 4,
        VisionIntermediate = 688,
        VisionWindow = 112,
        FullAttention = [3, 7],
        InitializerRange = 0.02,
        MaxVocabulary = 8000,
    };

    public static void Write(string folder, TinyConfig config) => CheckpointFiles.Write(folder, config, Vocabulary(config.MaxVocabulary));

    public static long Parameters(QwenVlPolicy policy) => policy.Weights().Sum(w => w.Value.numel());

    /// <summary>Bytes, then pairs and triples of small letters: as good as a learned vocabulary where the text does not matter.</summary>
    private static BytePairVocabulary Vocabulary(int size)
    {
        var letters = Enumerable.Range('a', 26).Select(c => ((char)c).ToString()).ToArray();
        var pairs = letters.SelectMany(a => letters.Select(b => (Left: a, Right: b))).ToArray();
        var triples = pairs.SelectMany(p => letters.Select(c => (Left: p.Left + p.Right, Right: c)));
        var bytes = BytePairTrainer.Train([], 0).Tokens;
        var merges = pairs.Concat(triples).Take(Math.Max(0, size - bytes.Count)).ToArray();
        return new BytePairVocabulary([.. bytes, .. merges.Select(m => m.Left + m.Right)], merges);
    }
}
