using TorchSharp.Modules;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>A convolution whose kernel equals its stride: a linear map of the flattened patch.</summary>
internal sealed class PatchEmbedding : nn.Module
{
    private readonly Kernel _proj;
    private readonly int _width;

    public PatchEmbedding(QwenVisionConfig config, bool bias, ScalarType type, Device device)
        : base(nameof(PatchEmbedding))
    {
        _width = config.PatchWidth;
        register_module("proj", _proj = new Kernel(config, bias, type, device));
    }

    public Device Device => _proj.weight.device;

    /// <summary>Patches [K, D] of any device and float dtype to [K, width] in those of the weights.</summary>
    public Tensor Forward(Tensor pixels, VisionLayout layout)
    {
        if (pixels.dim() != 2 || pixels.shape[0] != layout.Rows.Length || pixels.shape[1] != _width)
            throw new ArgumentException($"Expected pixel patches [{layout.Rows.Length}, {_width}] for {layout.Pictures} pictures, got [{string.Join(", ", pixels.shape)}].", nameof(pixels));
        using var scope = NewDisposeScope();
        var weight = _proj.weight;
        return nn.functional.linear(pixels.to(weight.dtype, weight.device), weight.view(weight.shape[0], -1), _proj.bias).MoveToOuterDisposeScope();
    }

    /// <summary>The convolution's parameters; only the module that registers a parameter may hold it in a field.</summary>
    private sealed class Kernel : nn.Module, IStandInLayer
    {
        public Kernel(QwenVisionConfig config, bool bias, ScalarType type, Device device)
            : base(nameof(Kernel))
        {
            weight = new Parameter(empty([config.HiddenSize, config.Channels, config.TemporalPatchSize, config.PatchSize, config.PatchSize], type, device));
            register_parameter("weight", weight);
            if (!bias) return;
            this.bias = new Parameter(empty([config.HiddenSize], type, device));
            register_parameter("bias", this.bias);
        }

        public Parameter weight { get; private set; }

        public Parameter? bias { get; private set; }

        public void Use(string name, Parameter parameter)
        {
            if (name == nameof(weight)) weight = parameter;
            else bias = parameter;
        }
    }
}
