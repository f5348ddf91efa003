using TinyBase.Checkpoint;
using ViSurf.Core.Common;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using static TorchSharp.torch;

namespace ViSurf.Core.Benchmarks;

/// <summary>A checkpoint directory of any size. What its weights are makes no difference to what it costs, so they are random.</summary>
internal static class RandomCheckpoint
{
    /// <summary>About 35 million parameters, 31 in the decoder (8 of them embedding and head), 4 in the vision tower and merger.</summary>
    public static TinyConfig Medium { get; } = new()
    {
        Hidden = 512,
        Layers = 8,
        Heads = 8,
        KeyValueHeads = 2,
        Intermediate = 1408,
        RopeSections = [8, 12, 12],
        RopeTheta = 1e6,
        VisionHidden = 256,
        VisionDepth = 4,
        VisionHeads = 4,
        VisionIntermediate = 512,
        VisionWindow = 112,
        FullAttention = [3],
        InitializerRange = 0.02,
        TiedHead = false,
        MaxPositions = 32768,
        MaxVocabulary = 8192 - SpecialTokens.All.Count,
    };

    /// <summary>About 104 million parameters, most of them in the decoder.</summary>
    public static TinyConfig Large { get; } = Medium with
    {
        Hidden = 768,
        Layers = 12,
        Heads = 12,
        KeyValueHeads = 2,
        Intermediate = 2048,
        VisionHidden = 384,
        VisionHeads = 6,
        VisionIntermediate = 1024,
        MaxVocabulary = 16000,
    };

    /// <summary>Everything but the weights.</summary>
    public static void Write(string folder, TinyConfig config) => CheckpointFiles.Write(folder, config, Vocabulary(config.MaxVocabulary));

    /// <summary>Weights for the config.json that is there: normal with σ = <c>initializer_range</c>, biases 0, norms 1.</summary>
    /// <param name="folder">The checkpoint directory.</param>
    /// <param name="type">Dtype in the file and while they are made: a 7B model never exists in float32.</param>
    /// <param name="device">Where they are made; a GPU is faster, and its numbers are others.</param>
    /// <param name="seed">Seed.</param>
    /// <returns>Number of parameters.</returns>
    public static long WriteWeights(string folder, ScalarType type, Device device, long seed)
    {
        var config = QwenVlConfigReader.Read(folder);
        using var module = new QwenVlModule(config, type, device);
        using var noGrad = no_grad();
        using var random = new DeviceRandom((ulong)seed, device);
        foreach (var (name, parameter) in module.Names.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            using var scope = NewDisposeScope();
            if (name.EndsWith(".bias", StringComparison.Ordinal)) parameter.zero_();
            else if (parameter.dim() == 1) parameter.copy_(ones_like(parameter));
            else random.FillNormal(parameter, 0, config.InitializerRange);
        }
        CheckpointWriter.Write(folder, [.. module.Names.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => (p.Key, (Tensor)p.Value))]);
        return Parameters(config);
    }

    public static long Parameters(QwenVlPolicy policy) => policy.Weights().Sum(w => w.Value.numel());

    /// <summary>Counted without allocating any.</summary>
    public static long Parameters(QwenVlConfig config)
    {
        using var module = new QwenVlModule(config, ScalarType.Float32, META);
        return module.Names.Values.Sum(p => p.numel());
    }

    /// <summary>Bytes, then pairs, triples and more of small letters: as good as a learned vocabulary where the text does not matter.</summary>
    internal static BytePairVocabulary Vocabulary(int size)
    {
        var letters = Enumerable.Range('a', 26).Select(c => ((char)c).ToString()).ToArray();
        var bytes = BytePairTrainer.Train([], 0).Tokens;
        var merges = new List<(string Left, string Right)>();
        for (var stems = letters; bytes.Count + merges.Count < size; stems = [.. stems.SelectMany(stem => letters.Select(c => stem + c))])
            merges.AddRange(stems.SelectMany(stem => letters.Select(c => (stem, c))).Take(size - bytes.Count - merges.Count));
        return new BytePairVocabulary([.. bytes, .. merges.Select(m => m.Left + m.Right)], merges);
    }
}
