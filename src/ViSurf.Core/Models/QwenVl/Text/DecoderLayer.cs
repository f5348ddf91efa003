using ViSurf.Core.Common;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Text;

/// <summary>x += attention(norm(x)); x += mlp(norm(x)). Which attention is the family's choice.</summary>
internal sealed class DecoderLayer : nn.Module
{
    private readonly RmsNorm _inputNorm, _attentionNorm;
    private readonly IDecoderAttention _attention;
    private readonly SwiGlu _mlp;

    public DecoderLayer(QwenTextConfig config, IDecoderAttention attention, ScalarType type, Device device)
        : base(nameof(DecoderLayer))
    {
        register_module("self_attn", (nn.Module)(_attention = attention));
        register_module("mlp", _mlp = new SwiGlu(config.HiddenSize, config.IntermediateSize, bias: false, type, device));
        register_module("input_layernorm", _inputNorm = new RmsNorm(config.HiddenSize, config.NormEpsilon, type, device));
        register_module("post_attention_layernorm", _attentionNorm = new RmsNorm(config.HiddenSize, config.NormEpsilon, type, device));
    }

    /// <summary>Before the attention.</summary>
    public RmsNorm InputNorm => _inputNorm;

    /// <summary>Before the MLP.</summary>
    public RmsNorm AttentionNorm => _attentionNorm;

    public AttentionParts Attention => _attention.Parts;

    public SwiGlu Mlp => _mlp;

    /// <summary>[M, H] to the rows that the context asks for, [R, H].</summary>
    public Tensor Forward(Tensor x, DecoderContext context)
    {
        using var scope = NewDisposeScope();
        // The residual stream is float32 whatever the weights are: every layer adds to it, and norms would widen it anyway.
        var attended = _attention.Forward(x, _inputNorm, context).AddedTo(context.Asked(x.Wide()));
        return SwiGluBlock.Forward(_attentionNorm, _mlp, attended, context.Attention.IsDecoding).MoveToOuterDisposeScope();
    }
}

/// <summary>What the layers of one pass share.</summary>
/// <param name="Turns">Of every row.</param>
/// <param name="Attention">Which rows see which.</param>
internal sealed record DecoderContext(RotaryTables Turns, IAttention Attention)
{
    /// <summary>int64 [R], the rows whose output is asked for; of the others only keys and values are.</summary>
    /// <value>Null: all.</value>
    public Tensor? Rows { get; init; }

    /// <summary>Of the rows that are asked for.</summary>
    public RotaryTables QueryTurns { get; init; } = Turns;

    /// <summary>Rows of x that are asked for.</summary>
    public Tensor Asked(Tensor x) => Rows is null ? x : x.index_select(0, Rows);
}
