using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>Attention of one decoder layer; each generation has its own. A module.</summary>
internal interface IDecoderAttention
{
    /// <summary>[B, L, H] to the same.</summary>
    Tensor Forward(Tensor x, DecoderContext context);
}

/// <summary>What the generations' attentions have in common: rotary, memory, grouped queries.</summary>
internal sealed class GroupedQueries(QwenTextConfig config, int layer)
{
    /// <summary>Cuts a projection into heads.</summary>
    /// <param name="projected">[B, L, heads · d].</param>
    /// <returns>[B, heads, L, d], a view.</returns>
    public Tensor Heads(Tensor projected)
        => projected.view(projected.shape[0], projected.shape[1], projected.shape[2] / config.HeadSize, config.HeadSize).transpose(1, 2);

    /// <summary>Turns queries and keys by their positions, remembers keys and values, and mixes the values.</summary>
    /// <param name="query">[B, heads, L, d], before the rotary embedding.</param>
    /// <param name="key">[B, key-value heads, L, d], before the rotary embedding.</param>
    /// <param name="value">[B, key-value heads, L, d].</param>
    /// <param name="context">Of this pass.</param>
    /// <returns>[B, L, heads · d].</returns>
    public Tensor Mix(Tensor query, Tensor key, Tensor value, DecoderContext context)
    {
        using var scope = NewDisposeScope();
        var (rows, heads, length) = (query.shape[0], query.shape[1], query.shape[2]);
        var (keys, values) = context.Memory.Extend(layer, Rotary.Apply(key, context.Cos, context.Sin), value);
        // The heads that share a key-value head become extra query positions, so keys and values are not repeated in memory.
        var grouped = Rotary.Apply(query, context.Cos, context.Sin).reshape(rows, key.shape[1], -1, config.HeadSize);
        var mixed = nn.functional.scaled_dot_product_attention(grouped, keys, values, context.Mask);
        return mixed.view(rows, heads, length, config.HeadSize).transpose(1, 2).reshape(rows, length, heads * config.HeadSize).MoveToOuterDisposeScope();
    }
}
