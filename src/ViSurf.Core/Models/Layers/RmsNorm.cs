using TorchSharp.Modules;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>x / rms(x) · w in float32 (float64 for float64), rounded once, to the dtype of w.</summary>
/// <remarks>
/// transformers' Qwen2RMSNorm, but for one thing: it rounds before the weight and again after it. That costs a bfloat16 model a tenth of
/// its accuracy and saves nothing but memory of half a row. The input may be the float32 residual stream of a bfloat16 model.
/// </remarks>
internal sealed class RmsNorm : nn.Module<Tensor, Tensor>, IStandInLayer, IFusable
{
    public RmsNorm(long size, double epsilon, ScalarType type, Device device)
        : base(nameof(RmsNorm))
    {
        Epsilon = epsilon;
        weight = new Parameter(empty([size], type, device));
        register_parameter("weight", weight);
    }

    public Parameter weight { get; private set; }

    /// <summary>The weight, where it trains.</summary>
    public Parameter? Learning => weight.requires_grad ? weight : null;

    /// <summary>Added to the mean square.</summary>
    public double Epsilon { get; }

    public bool Fused { get; set => field = value && FusedRmsNorm.IsAvailable; }

    public void Use(string name, Parameter parameter) => weight = parameter;

    public override Tensor forward(Tensor x)
    {
        if (!Fused && RmsMath.Takes(x, weight)) return ClosedForm.Apply(new Rows(this), Learning, x);
        using var scope = NewDisposeScope();
        var wide = x.Wide();
        if (Fused) return FusedRmsNorm.Of(wide, weight.to_type(wide.dtype), Epsilon).Normed.to_type(weight.dtype).MoveToOuterDisposeScope();
        var scale = (wide * wide).mean([-1], keepdim: true).PlusInPlace(Epsilon).rsqrt_();
        var normed = wide * scale;
        // The gradient of the weight needs the normed rows.
        return (is_grad_enabled() ? normed * weight : normed.mul_(weight)).to_type(weight.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>Keeps the input and one number of each row.</summary>
    private sealed class Rows(RmsNorm norm) : IClosedForm
    {
        public IEnumerable<Tensor> Weights => [norm.weight];

        public Tensor Forward(Tensor[] inputs, List<Tensor>? keep)
        {
            var (y, scales) = RmsMath.Of(inputs[0], norm.weight, norm.Epsilon);
            keep?.AddRange([inputs[0], scales]);
            return y;
        }

        public Tensor?[] Backward(Tensor gradient, IReadOnlyList<Tensor> kept, bool[] wanted)
            => [RmsMath.Gradient(gradient, kept[0], norm.weight, kept[1])];
    }
}
