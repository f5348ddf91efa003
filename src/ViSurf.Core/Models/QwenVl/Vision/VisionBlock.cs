using ViSurf.Core.Common;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>x += attention(norm(x)); x += mlp(norm(x)). Which norm and which MLP is the tower's choice.</summary>
internal sealed class VisionBlock : nn.Module
{
    public const double NormEpsilon = 1e-6;
    private readonly nn.Module<Tensor, Tensor> _norm1, _norm2, _mlp;
    private readonly VisionAttention _attention;

    public VisionBlock(QwenVisionConfig config, Func<nn.Module<Tensor, Tensor>> norm, nn.Module<Tensor, Tensor> mlp, ScalarType type, Device device)
        : base(nameof(VisionBlock))
    {
        register_module("norm1", _norm1 = norm());
        register_module("norm2", _norm2 = norm());
        register_module("attn", _attention = new VisionAttention(config, type, device));
        register_module("mlp", _mlp = mlp);
    }

    public Tensor Forward(Tensor x, RotaryTables turns, Segments segments)
    {
        using var scope = NewDisposeScope();
        // The residual stream is float32 whatever the weights are: every layer adds to it, and norms would widen it anyway.
        var attended = _attention.Forward(_norm1.forward(x), turns, segments).AddedTo(x.Wide());
        var block = _norm2 is RmsNorm norm && _mlp is SwiGlu mlp
            ? SwiGluBlock.Forward(norm, mlp, attended)
            : _mlp.forward(_norm2.forward(attended)).AddedTo(attended);
        return block.MoveToOuterDisposeScope();
    }
}

/// <summary>Fused query, key and value; rotary by (row, column); attention inside segments.</summary>
internal sealed class VisionAttention : nn.Module, IFusable
{
    private readonly Dense _qkv, _proj;
    private readonly int _heads, _size;

    public VisionAttention(QwenVisionConfig config, ScalarType type, Device device)
        : base(nameof(VisionAttention))
    {
        (_heads, _size) = (config.Heads, config.HiddenSize / config.Heads);
        register_module("qkv", _qkv = new Dense(config.HiddenSize, 3L * config.HiddenSize, bias: true, type, device));
        register_module("proj", _proj = new Dense(config.HiddenSize, config.HiddenSize, bias: true, type, device));
    }

    public bool Fused { private get; set; }

    public Tensor Forward(Tensor x, RotaryTables turns, Segments segments)
    {
        using var scope = NewDisposeScope();
        var (query, key, value) = Turned(_qkv.forward(x), turns);
        var mixed = segments.Attend(query, key, value);
        return _proj.forward(mixed).MoveToOuterDisposeScope();
    }

    /// <summary>Queries, keys and values of every row, [K, heads, d], the first two turned: at once, where that is asked for.</summary>
    private (Tensor Query, Tensor Key, Tensor Value) Turned(Tensor joined, RotaryTables turns)
    {
        if (Fused)
        {
            var two = joined.view(-1, 3L * _heads, _size).split([2L * _heads, _heads], 1);
            var turned = Rotary.Apply(two[0], turns).split([_heads, _heads], 1);
            return (turned[0], turned[1], two[1]);
        }
        var parts = joined.view(-1, 3, _heads, _size).unbind(1);
        return (Rotary.Apply(parts[0], turns), Rotary.Apply(parts[1], turns), parts[2]);
    }
}
