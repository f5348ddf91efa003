using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.QwenVl.Groups;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// A model asked about one sequence at a time: prompt and completion are one causal text with pictures of its own. Nothing is shared,
/// cached, padded or split into prompt and completion, which makes it the reference for everything that is.
/// </summary>
internal sealed class AloneModel(QwenVlPolicy policy)
{
    private readonly QwenVlModule _module = (QwenVlModule)policy.Module;

    /// <summary>Logits that predict each completion token and the one after the last, float [T + 1, V].</summary>
    public Tensor Logits(EncodedPrompt prompt, IReadOnlyList<int> completion)
    {
        using var scope = NewDisposeScope();
        using var whole = new EncodedPrompt(prompt.Example, [.. prompt.TokenIds, .. completion], prompt.Grids, prompt.Pixels?.alias());
        using var batch = Collator.Prompts([whole]);
        var layout = GroupLayout.Of(batch.Prompts, policy.Config);
        using var plain = new Recomputation(active: false);
        using var attention = new GroupAttention(layout, _module.Decoder.Embedding.dtype, _module.Device);
        var hidden = GroupPass.Run(_module, layout, batch, attention, plain);
        return _module.Head(hidden.narrow(0, prompt.TokenIds.Count - 1, completion.Count + 1)).MoveToOuterDisposeScope();
    }

    /// <summary>Log-probabilities and entropies [T] of a completion.</summary>
    public (Tensor LogProbs, Tensor Entropies) Score(EncodedPrompt prompt, int[] completion, double temperature)
    {
        var log = Logits(prompt, completion).narrow(0, 0, completion.Length).Over(temperature).log_softmax(-1);
        var ids = tensor(completion.Select(id => (long)id).ToArray()).unsqueeze(1);
        return (log.gather(1, ids).squeeze(1), -(log.exp() * log).sum(-1));
    }
}

/// <summary>A prompt of random tokens with random pictures in random places.</summary>
/// <param name="Text">Number of text tokens, at least 1.</param>
/// <param name="Pictures">Merged rows and columns of each picture.</param>
/// <param name="Seed">Of tokens and pixels.</param>
internal sealed record RandomPrompt(int Text, (int Rows, int Columns)[] Pictures, int Seed)
{
    public EncodedPrompt Encode(QwenVlConfig config)
    {
        var random = new Random(Seed);
        var merge = config.Vision?.SpatialMergeSize ?? 1;
        var grids = Pictures.Select(p => new PatchGrid(1, p.Rows * merge, p.Columns * merge)).ToArray();
        var pieces = Enumerable.Range(0, Text).Select(_ => new[] { random.Next(0, 1400) }).ToList();
        // In the order of the pictures, never last: a prompt ends with text.
        var places = Pictures.Select(_ => random.Next(0, Text)).Order().ToArray();
        foreach (var ((rows, columns), place) in Pictures.Zip(places).Reverse())
            pieces.Insert(place, [config.VisionStartTokenId, .. Enumerable.Repeat(config.ImageTokenId, rows * columns), config.VisionEndTokenId]);
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)Seed, CPU);
        var pixels = grids.Length == 0 ? null : randn([grids.Sum(g => g.Patches), config.Vision!.PatchWidth], device: CPU, generator: generator);
        return new EncodedPrompt(VisionExample.Ask($"random {Seed}", "random", null), [.. pieces.SelectMany(p => p)], grids, pixels);
    }
}
