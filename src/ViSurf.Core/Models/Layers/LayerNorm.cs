using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>(x − mean) / √(variance + ε) · w + b in float32 (float64 for float64), rounded once, to the dtype of w.</summary>
internal sealed class LayerNorm : nn.Module<Tensor, Tensor>, IStandInLayer
{
    private readonly double _epsilon;

    public LayerNorm(long size, double epsilon, ScalarType type, Device device)
        : base(nameof(LayerNorm))
    {
        _epsilon = epsilon;
        weight = new Parameter(empty([size], type, device));
        bias = new Parameter(empty([size], type, device));
        register_parameter("weight", weight);
        register_parameter("bias", bias);
    }

    public Parameter weight { get; private set; }

    public Parameter bias { get; private set; }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return nn.functional.layer_norm(x.Wide(), [x.shape[^1]], weight.Wide(), bias.Wide(), _epsilon).to_type(weight.dtype).MoveToOuterDisposeScope();
    }

    public void Use(string name, Parameter parameter)
    {
        if (name == nameof(weight)) weight = parameter;
        else bias = parameter;
    }
}
