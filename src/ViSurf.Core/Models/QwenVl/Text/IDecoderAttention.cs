using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>Attention of one decoder layer; each generation has its own. A module.</summary>
internal interface IDecoderAttention
{
    /// <summary>[M, H] to the rows that the context asks for, [R, H].</summary>
    Tensor Forward(Tensor x, DecoderContext context);
}

/// <summary>What the generations' attentions have in common: heads, rotary, mixing.</summary>
internal sealed class GroupedQueries(QwenTextConfig config, int layer)
{
    /// <summary>Cuts a projection into heads.</summary>
    /// <param name="projected">[M, heads · d].</param>
    /// <returns>[M, heads, d], a view.</returns>
    public Tensor Heads(Tensor projected) => projected.view(projected.shape[0], -1, config.HeadSize);

    /// <summary>Turns queries and keys by their positions and mixes the values.</summary>
    /// <param name="query">[R, heads, d], before the rotary embedding.</param>
    /// <param name="key">[M, key-value heads, d], before the rotary embedding.</param>
    /// <param name="value">[M, key-value heads, d].</param>
    /// <param name="context">Of this pass.</param>
    /// <returns>[R, heads · d].</returns>
    public Tensor Mix(Tensor query, Tensor key, Tensor value, DecoderContext context)
    {
        using var scope = NewDisposeScope();
        return context.Attention.Mix(layer, Rotary.Apply(query, context.QueryTurns), Rotary.Apply(key, context.Turns), value)
            .MoveToOuterDisposeScope();
    }
}
