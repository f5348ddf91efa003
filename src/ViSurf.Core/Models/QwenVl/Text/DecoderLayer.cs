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

    public Tensor Forward(Tensor x, DecoderContext context)
    {
        using var scope = NewDisposeScope();
        // The residual stream is float32 whatever the weights are: every layer adds to it, and norms would widen it anyway.
        var attended = x.Wide().Plus(_attention.Forward(_inputNorm.forward(x), context));
        return attended.Plus(_mlp.forward(_attentionNorm.forward(attended))).MoveToOuterDisposeScope();
    }
}

/// <summary>What every layer of one pass shares.</summary>
/// <param name="Cos">float32 [M, 1, d].</param>
/// <param name="Sin">float32 [M, 1, d].</param>
/// <param name="Attention">Which rows see which.</param>
internal sealed record DecoderContext(Tensor Cos, Tensor Sin, IAttention Attention);
