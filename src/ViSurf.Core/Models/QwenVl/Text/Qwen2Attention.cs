using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>Qwen2, Qwen2-VL, Qwen2.5-VL: biases on query, key and value.</summary>
internal sealed class Qwen2Attention : nn.Module, IDecoderAttention, IFusable
{
    private readonly Dense _q, _k, _v, _o;
    private readonly GroupedQueries _grouped;

    public Qwen2Attention(QwenTextConfig config, int layer, ScalarType type, Device device)
        : base(nameof(Qwen2Attention))
    {
        _grouped = new GroupedQueries(config, layer);
        // In the order in which a decoding step writes them: see JoinedCache.
        long[] sizes = [config.KeyValueSize, config.KeyValueSize, config.QuerySize];
        var joined = Dense.Joined(config.HiddenSize, sizes, bias: true, type, device);
        (_v, _k, _q) = (joined[0], joined[1], joined[2]);
        register_module("q_proj", _q);
        register_module("k_proj", _k);
        register_module("v_proj", _v);
        register_module("o_proj", _o = new Dense(config.QuerySize, config.HiddenSize, bias: false, type, device));
    }

    public AttentionParts Parts => new(_v, _k, _q, _o, null);

    public bool Fused { set => _grouped.Fused = value; }

    public Tensor Forward(Tensor x, RmsNorm norm, DecoderContext context)
    {
        using var scope = NewDisposeScope();
        var (query, key, value) = _grouped.Project(norm, (_q, _k, _v), x, context);
        return _o.Forward(_grouped.Mix(query, key, value, context), context.Attention.IsDecoding).MoveToOuterDisposeScope();
    }
}
