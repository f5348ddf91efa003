using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>Qwen2-VL and Qwen2.5-VL: norm, join merge² neighbours, two linear layers with an exact GELU between.</summary>
internal sealed class Merger : nn.Module
{
    private readonly nn.Module<Tensor, Tensor> _norm;
    private readonly Dense _first, _second;
    private readonly long _joined;

    public Merger(QwenVisionConfig config, nn.Module<Tensor, Tensor> norm, ScalarType type, Device device)
        : base(nameof(Merger))
    {
        _joined = config.JoinedSize;
        _first = new Dense(_joined, _joined, bias: true, type, device);
        _second = new Dense(_joined, config.OutputSize, bias: true, type, device);
        register_module("ln_q", _norm = norm);
        register_module("mlp", new Pair(_first, _second));
    }

    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _second.forward(Gelu.Exact(_first.forward(_norm.forward(x).view(-1, _joined)))).MoveToOuterDisposeScope();
    }

    private sealed class Pair : nn.Module
    {
        public Pair(Dense first, Dense second)
            : base(nameof(Pair))
        {
            register_module("0", first);
            register_module("2", second);
        }
    }
}

/// <summary>Qwen3-VL: the same arithmetic under other names, and for deepstack with the norm over the joined neighbours.</summary>
internal sealed class Qwen3VlMerger : nn.Module
{
    private readonly Layers.LayerNorm _norm;
    private readonly Dense _first, _second;
    private readonly long _joined, _normed;

    private Qwen3VlMerger(QwenVisionConfig config, long normed, ScalarType type, Device device)
        : base(nameof(Qwen3VlMerger))
    {
        (_joined, _normed) = (config.JoinedSize, normed);
        register_module("norm", _norm = new Layers.LayerNorm(normed, VisionBlock.NormEpsilon, type, device));
        register_module("linear_fc1", _first = new Dense(_joined, _joined, bias: true, type, device));
        register_module("linear_fc2", _second = new Dense(_joined, config.OutputSize, bias: true, type, device));
    }

    /// <summary>After the last block: each patch is normalised by itself.</summary>
    public static Qwen3VlMerger Last(QwenVisionConfig config, ScalarType type, Device device) => new(config, config.HiddenSize, type, device);

    /// <summary>After a block in between: the joined neighbours are normalised together.</summary>
    public static Qwen3VlMerger Deepstack(QwenVisionConfig config, ScalarType type, Device device) => new(config, config.JoinedSize, type, device);

    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var joined = _norm.forward(x.view(-1, _normed)).view(-1, _joined);
        return _second.forward(Gelu.Exact(_first.forward(joined))).MoveToOuterDisposeScope();
    }
}
