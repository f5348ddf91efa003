using TorchSharp.Modules;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>x / rms(x) · w, the mean of squares in float32 and cast back before the weight, as transformers' Qwen2RMSNorm.</summary>
internal sealed class RmsNorm : nn.Module<Tensor, Tensor>, IStandInLayer
{
    private readonly double _epsilon;

    public RmsNorm(long size, double epsilon, ScalarType type, Device device)
        : base(nameof(RmsNorm))
    {
        _epsilon = epsilon;
        weight = new Parameter(empty([size], type, device));
        register_parameter("weight", weight);
    }

    public Parameter weight { get; private set; }

    public void Use(string name, Parameter parameter) => weight = parameter;

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var wide = x.dtype == ScalarType.Float64 ? x : x.to_type(ScalarType.Float32);
        var scale = (wide * wide).mean([-1], keepdim: true).Plus(_epsilon).rsqrt();
        return ((wide * scale).to_type(x.dtype) * weight).MoveToOuterDisposeScope();
    }
}
