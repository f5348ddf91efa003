using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>Attention of one decoder layer; each generation has its own. A module.</summary>
internal interface IDecoderAttention
{
    /// <summary>[M, H] to the rows that the context asks for, [R, H].</summary>
    /// <param name="x">The residual stream.</param>
    /// <param name="norm">What it goes through first.</param>
    /// <param name="context">Of this pass.</param>
    Tensor Forward(Tensor x, RmsNorm norm, DecoderContext context);

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
    /// <summary>Whether queries and keys are turned together.</summary>
    public bool Fused { private get; set; }

    /// <summary>Cuts a projection into heads.</summary>
    /// <param name="projected">[M, heads · d].</param>
    /// <returns>[M, heads, d], a view.</returns>
    private Tensor Heads(Tensor projected) => projected.view(projected.shape[0], -1, config.HeadSize);

    /// <summary>Heads of queries [R, heads, d], keys and values [M, key-value heads, d], before the rotary embedding.</summary>
    /// <param name="norm">Before the layers.</param>
    /// <param name="layers">Of query, key and value.</param>
    /// <param name="x">The residual stream, [M, H].</param>
    /// <param name="context">Of this pass.</param>
    public (Tensor Query, Tensor Key, Tensor Value) Project(
        RmsNorm norm, (Dense Query, Dense Key, Dense Value) layers, Tensor x, DecoderContext context)
    {
        var decoding = context.Attention.IsDecoding;
        var (q, k, v) = layers;
        if (context.Rows is not null)
        {
            var normed = norm.forward(x);
            var two = Dense.ForwardEach(normed, decoding, k, v);
            return (Heads(q.Forward(context.Asked(normed), decoding)), Heads(two[0]), Heads(two[1]));
        }
        var parts = new NormedProducts(norm, q, k, v).Of(x, decoding);
        return (Heads(parts[0]), Heads(parts[1]), Heads(parts[2]));
    }

    /// <summary>Turns queries and keys by their positions and mixes the values.</summary>
    /// <param name="query">[R, heads, d], before the rotary embedding.</param>
    /// <param name="key">[M, key-value heads, d], before the rotary embedding.</param>
    /// <param name="value">[M, key-value heads, d].</param>
    /// <param name="context">Of this pass.</param>
    /// <returns>[R, heads · d].</returns>
    public Tensor Mix(Tensor query, Tensor key, Tensor value, DecoderContext context)
    {
        using var scope = NewDisposeScope();
        // The last layer's queries are of fewer rows.
        var (queries, keys) = Fused && context.Rows is null
            ? Rotary.ApplyTogether(query, key, context.Turns)
            : (Rotary.Apply(query, context.QueryTurns), Rotary.Apply(key, context.Turns));
        return context.Attention.Mix(layer, queries, keys, value).MoveToOuterDisposeScope();
    }
}
