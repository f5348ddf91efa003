using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>Embedding, layers, final norm.</summary>
internal sealed class TextDecoder : nn.Module
{
    private readonly RotaryAngles _angles;
    private readonly DecoderLayer[] _layers;
    private readonly RmsNorm _norm;
    private readonly WeightOnly _embedding;

    public TextDecoder(QwenTextConfig config, DecoderStyle style, ScalarType type, Device device)
        : base(nameof(TextDecoder))
    {
        _angles = new RotaryAngles(config, style.RopeRows(config), device);
        _layers = [.. Enumerable.Range(0, config.Layers).Select(i => new DecoderLayer(config, style.Attention(config, i, type, device), type, device))];
        register_module("embed_tokens", _embedding = new WeightOnly([config.VocabularySize, config.HiddenSize], type, device));
        register_module("layers", new ModuleList<DecoderLayer>(_layers));
        register_module("norm", _norm = new RmsNorm(config.HiddenSize, config.NormEpsilon, type, device));
    }

    /// <summary>[vocabulary, hidden]; also the head when the checkpoint ties them.</summary>
    public Parameter Embedding => _embedding.weight;

    /// <summary>Positions to angles.</summary>
    public RotaryAngles Angles => _angles;

    /// <summary>In order.</summary>
    public IReadOnlyList<DecoderLayer> Layers => _layers;

    /// <summary>After the last layer.</summary>
    public RmsNorm FinalNorm => _norm;

    /// <summary>Token ids int64 [M] to [M, H].</summary>
    public Tensor Embed(Tensor ids) => Embedding.index_select(0, ids);

    /// <summary>Hidden states after the final norm.</summary>
    /// <param name="embeddings">[M, H], one row per token of any number of sequences.</param>
    /// <param name="positions">int64 [3, M] on the policy's device.</param>
    /// <param name="attention">Which rows see which.</param>
    /// <param name="additions">What is added between layers; null for nothing.</param>
    /// <param name="recomputation">Runs the layers; when active, it keeps only what goes from one to the next.</param>
    /// <param name="rows">int64 [R], rows that are asked for: of the others the last layer makes keys and values only. Null for all.</param>
    /// <returns>[M, H], or [R, H].</returns>
    public Tensor Forward(
        Tensor embeddings, Tensor positions, IAttention attention, HiddenAdditions? additions, Recomputation recomputation, Tensor? rows = null)
    {
        using var scope = NewDisposeScope();
        var turns = recomputation.Keep(RotaryTables.Of(_angles.Of(positions)));
        var context = new DecoderContext(turns, attention);
        // Additions to the last layer's output are to rows of the whole pass.
        var cut = rows is not null && additions?.Reach(_layers.Length - 1) is not true;
        var last = cut ? context with { Rows = recomputation.Keep(rows!.alias()), QueryTurns = recomputation.Keep(turns.Rows(rows!)) } : context;
        var x = embeddings;
        for (var i = 0; i < _layers.Length; i++)
        {
            var layer = _layers[i];
            // Without gradient nothing else holds a layer's input once its output is there; with gradient autograd does.
            using var input = i == 0 ? null : x;
            var its = i == _layers.Length - 1 ? last : context;
            x = recomputation.Run(h => layer.Forward(h, its), x, layer.FirstTrained);
            if (additions is not null) x = additions.After(i, x);
            if (is_grad_enabled()) HostHeap.GiveBack(x.device, x.numel());
        }
        return _norm.forward(rows is null || cut ? x : x.index_select(0, rows)).MoveToOuterDisposeScope();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _angles.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Deepstack: features that are added to the hidden states at some places after the first layers.</summary>
/// <param name="places">int64 [K], rows of the pass, on the policy's device.</param>
/// <param name="features">One [K, H] for each of the first layers.</param>
internal sealed class HiddenAdditions(Tensor places, IReadOnlyList<Tensor> features)
{
    /// <summary>Whether anything is added after that layer.</summary>
    public bool Reach(int layer) => layer < features.Count;

    /// <summary>[M, H] after that layer, with what belongs there.</summary>
    public Tensor After(int layer, Tensor x)
    {
        if (!Reach(layer)) return x;
        using var scope = NewDisposeScope();
        return x.index_copy(0, places, x.index_select(0, places).Plus(features[layer])).MoveToOuterDisposeScope();
    }
}
