using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>Attention of one decoder layer; each generation has its own. A module.</summary>
internal interface IDecoderAttention
{
    /// <summary>[M, H] to the rows that the context asks for, [R, H].</summary>
    Tensor Forward(Tensor x, DecoderContext context);

    /// <summary>What it is made of.</summary>
    AttentionParts Parts { get; }
}

/// <summary>Layers of one attention.</summary>
/// <param name="Value">To values; the first of three that are joined, see <see cref="Dense.Joined"/>.</param>
/// <param name="Key">To keys, the second.</param>
/// <param name="Query">To queries, the third.</param>
/// <param name="Output">From mixed values back to the stream.</param>
/// <param name="Norms">Of every head's key and query before they are turned; null where there are none.</param>
internal sealed record AttentionParts(Dense Value, Dense Key, Dense Query, Dense Output, (RmsNorm Key, RmsNorm Query)? Norms);

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
