using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>Embedding, layers, final norm.</summary>
internal sealed class TextDecoder : nn.Module
{
    private readonly QwenTextConfig _config;
    private readonly long[] _ropeRows;
    private readonly DecoderLayer[] _layers;
    private readonly RmsNorm _norm;
    private readonly WeightOnly _embedding;

    public TextDecoder(QwenTextConfig config, DecoderStyle style, ScalarType type, Device device)
        : base(nameof(TextDecoder))
    {
        (_config, _ropeRows) = (config, style.RopeRows(config));
        _layers = [.. Enumerable.Range(0, config.Layers).Select(i => new DecoderLayer(config, style.Attention(config, i, type, device), type, device))];
        register_module("embed_tokens", _embedding = new WeightOnly([config.VocabularySize, config.HiddenSize], type, device));
        register_module("layers", new ModuleList<DecoderLayer>(_layers));
        register_module("norm", _norm = new RmsNorm(config.HiddenSize, config.NormEpsilon, type, device));
    }

    /// <summary>[vocabulary, hidden]; also the head when the checkpoint ties them.</summary>
    public Parameter Embedding => _embedding.weight;

    /// <summary>Token ids int64 [M] to [M, H].</summary>
    public Tensor Embed(Tensor ids) => Embedding.index_select(0, ids);

    /// <summary>Hidden states after the final norm.</summary>
    /// <param name="embeddings">[M, H], one row per token of any number of sequences.</param>
    /// <param name="positions">int64 [3, M] on the policy's device.</param>
    /// <param name="attention">Which rows see which.</param>
    /// <param name="additions">What is added between layers; null for nothing.</param>
    /// <param name="recomputation">Runs the layers; when active, it keeps only what goes from one to the next.</param>
    /// <returns>[M, H].</returns>
    public Tensor Forward(Tensor embeddings, Tensor positions, IAttention attention, HiddenAdditions? additions, Recomputation recomputation)
    {
        using var scope = NewDisposeScope();
        var (cos, sin) = RotaryTables(positions);
        var context = new DecoderContext(recomputation.Keep(cos), recomputation.Keep(sin), attention);
        var x = embeddings;
        for (var i = 0; i < _layers.Length; i++)
        {
            var layer = _layers[i];
            // Without gradient nothing else holds a layer's input once its output is there; with gradient autograd does.
            using var input = i == 0 ? null : x;
            x = recomputation.Run(h => layer.Forward(h, context), x, layer.FirstTrained);
            if (additions is not null) x = additions.After(i, x);
        }
        return _norm.forward(x).MoveToOuterDisposeScope();
    }

    private (Tensor Cos, Tensor Sin) RotaryTables(Tensor positions)
    {
        // Frequency i reads the time, height or width index; the same half again for rotate-half.
        var frequencies = tensor(Rotary.InverseFrequencies(_config.HeadSize, _config.RopeTheta)).to(positions.device);
        if (_config.RoundedRopeFrequencies) frequencies = frequencies.to_type(ScalarType.BFloat16).to_type(ScalarType.Float32);
        var rows = positions.index_select(0, tensor(_ropeRows).to(positions.device)).t().to_type(ScalarType.Float32);
        var half = rows * frequencies;
        var angles = cat([half, half], -1).unsqueeze(1);
        return (angles.cos(), angles.sin());
    }
}

/// <summary>Deepstack: features that are added to the hidden states at some places after the first layers.</summary>
/// <param name="places">int64 [K], rows of the pass, on the policy's device.</param>
/// <param name="features">One [K, H] for each of the first layers.</param>
internal sealed class HiddenAdditions(Tensor places, IReadOnlyList<Tensor> features)
{
    /// <summary>[M, H] after that layer, with what belongs there.</summary>
    public Tensor After(int layer, Tensor x)
    {
        if (layer >= features.Count) return x;
        using var scope = NewDisposeScope();
        return x.index_copy(0, places, x.index_select(0, places).Plus(features[layer])).MoveToOuterDisposeScope();
    }
}
