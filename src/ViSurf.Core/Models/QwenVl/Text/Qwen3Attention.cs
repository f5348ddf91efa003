using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>Qwen3, Qwen3-VL: no biases; every head's query and key is normalised before it is turned.</summary>
internal sealed class Qwen3Attention : nn.Module, IDecoderAttention, IFusable
{
    private readonly Dense _q, _k, _v, _o;
    private readonly RmsNorm _qNorm, _kNorm;
    private readonly GroupedQueries _grouped;

    public Qwen3Attention(QwenTextConfig config, int layer, ScalarType type, Device device)
        : base(nameof(Qwen3Attention))
    {
        _grouped = new GroupedQueries(config, layer);
        // In the order in which a decoding step writes them: see JoinedCache.
        long[] sizes = [config.KeyValueSize, config.KeyValueSize, config.QuerySize];
        var joined = Dense.Joined(config.HiddenSize, sizes, bias: false, type, device);
        (_v, _k, _q) = (joined[0], joined[1], joined[2]);
        register_module("q_proj", _q);
        register_module("k_proj", _k);
        register_module("v_proj", _v);
        register_module("o_proj", _o = new Dense(config.QuerySize, config.HiddenSize, bias: false, type, device));
        register_module("q_norm", _qNorm = new RmsNorm(config.HeadSize, config.NormEpsilon, type, device));
        register_module("k_norm", _kNorm = new RmsNorm(config.HeadSize, config.NormEpsilon, type, device));
    }

    public AttentionParts Parts => new(_v, _k, _q, _o, (_kNorm, _qNorm));

    public bool Fused { set => _grouped.Fused = value; }

    public Tensor Forward(Tensor x, RmsNorm norm, DecoderContext context)
    {
        using var scope = NewDisposeScope();
        var (query, key, value) = _grouped.Project(norm, (_q, _k, _v), x, context);
        // Norms read rows that lie one after the other.
        var mixed = _grouped.Mix(_qNorm.forward(query.contiguous()), _kNorm.forward(key.contiguous()), value, context);
        return _o.Forward(mixed, context.Attention.IsDecoding).MoveToOuterDisposeScope();
    }
}
