using ViSurf.Core.Common;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>x += attention(norm(x)); x += mlp(norm(x)).</summary>
internal sealed class DecoderLayer : nn.Module
{
    private readonly RmsNorm _inputNorm, _attentionNorm;
    private readonly DecoderAttention _attention;
    private readonly SwiGlu _mlp;

    public DecoderLayer(QwenTextConfig config, int index, ScalarType type, Device device)
        : base(nameof(DecoderLayer))
    {
        register_module("self_attn", _attention = new DecoderAttention(config, index, type, device));
        register_module("mlp", _mlp = new SwiGlu(config.HiddenSize, config.IntermediateSize, bias: false, type, device));
        register_module("input_layernorm", _inputNorm = new RmsNorm(config.HiddenSize, config.NormEpsilon, type, device));
        register_module("post_attention_layernorm", _attentionNorm = new RmsNorm(config.HiddenSize, config.NormEpsilon, type, device));
    }

    public Tensor Forward(Tensor x, DecoderContext context)
    {
        using var scope = NewDisposeScope();
        var attended = x.Plus(_attention.Forward(_inputNorm.forward(x), context));
        return attended.Plus(_mlp.forward(_attentionNorm.forward(attended))).MoveToOuterDisposeScope();
    }
}

/// <summary>What every layer of one pass shares.</summary>
/// <param name="Cos">float32 [B, 1, L, d].</param>
/// <param name="Sin">float32 [B, 1, L, d].</param>
/// <param name="Mask">bool [B, 1, repeats · L, S]: what each query may see; repeats = heads per key-value head.</param>
/// <param name="Memory">Keys and values of earlier positions.</param>
internal sealed record DecoderContext(Tensor Cos, Tensor Sin, Tensor Mask, IKeyValueMemory Memory);

/// <summary>Grouped-query attention with biases on query, key and value.</summary>
internal sealed class DecoderAttention : nn.Module
{
    private readonly Dense _q, _k, _v, _o;
    private readonly int _heads, _keyValueHeads, _size, _index;

    public DecoderAttention(QwenTextConfig config, int index, ScalarType type, Device device)
        : base(nameof(DecoderAttention))
    {
        (_heads, _keyValueHeads, _size, _index) = (config.Heads, config.KeyValueHeads, config.HeadSize, index);
        register_module("q_proj", _q = new Dense(config.HiddenSize, (long)_heads * _size, bias: true, type, device));
        register_module("k_proj", _k = new Dense(config.HiddenSize, (long)_keyValueHeads * _size, bias: true, type, device));
        register_module("v_proj", _v = new Dense(config.HiddenSize, (long)_keyValueHeads * _size, bias: true, type, device));
        register_module("o_proj", _o = new Dense((long)_heads * _size, config.HiddenSize, bias: false, type, device));
    }

    public Tensor Forward(Tensor x, DecoderContext context)
    {
        using var scope = NewDisposeScope();
        var (rows, length) = (x.shape[0], x.shape[1]);
        Tensor Heads(Tensor projected, int heads) => projected.view(rows, length, heads, _size).transpose(1, 2);

        var query = Rotary.Apply(Heads(_q.forward(x), _heads), context.Cos, context.Sin);
        var key = Rotary.Apply(Heads(_k.forward(x), _keyValueHeads), context.Cos, context.Sin);
        var (keys, values) = context.Memory.Extend(_index, key, Heads(_v.forward(x), _keyValueHeads));

        // The heads that share a key-value head become extra query positions, so keys and values are not repeated in memory.
        var grouped = query.reshape(rows, _keyValueHeads, -1, _size);
        var mixed = nn.functional.scaled_dot_product_attention(grouped, keys, values, context.Mask);
        var joined = mixed.view(rows, _heads, length, _size).transpose(1, 2).reshape(rows, length, (long)_heads * _size);
        return _o.forward(joined).MoveToOuterDisposeScope();
    }
}
