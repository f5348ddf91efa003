using TorchSharp.Modules;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>The whole network. Parameter names are those of the published checkpoints: <c>visual.*</c>, <c>model.*</c>, <c>lm_head.weight</c>.</summary>
internal sealed class QwenVlModule : nn.Module
{
    private readonly Dense? _head;

    public QwenVlModule(QwenVlConfig config, ScalarType type, Device device)
        : base("qwen2_5_vl")
    {
        // Parameters outlive whatever dispose scope the caller happens to be in.
        using var scope = NewDisposeScope();
        Config = config;
        register_module("visual", Visual = new VisionTower(config.Vision, type, device));
        register_module("model", Decoder = new TextDecoder(config.Text, type, device));
        if (!config.TiedHead) register_module("lm_head", _head = new Dense(config.Text.HiddenSize, config.Text.VocabularySize, bias: false, type, device));
        foreach (var (_, parameter) in named_parameters()) parameter.DetachFromDisposeScope();
        Names = named_parameters().ToDictionary(p => p.name, p => p.parameter);
    }

    public QwenVlConfig Config { get; }

    public VisionTower Visual { get; }

    public TextDecoder Decoder { get; }

    /// <summary>Every parameter by its name in a published checkpoint.</summary>
    public IReadOnlyDictionary<string, Parameter> Names { get; }

    public Device Device => Decoder.Embedding.device;

    /// <summary>Hidden states [M, H] to logits [M, V].</summary>
    public Tensor Head(Tensor hidden) => _head?.forward(hidden) ?? nn.functional.linear(hidden, Decoder.Embedding);
}
