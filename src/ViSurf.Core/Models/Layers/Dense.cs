using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Kernels;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// y = x Wᵀ + b. Unlike <c>nn.Linear</c> its memory is left as allocated: a checkpoint is read straight into it, and initialising
/// seven billion numbers only to overwrite them would take a minute.
/// </summary>
internal sealed class Dense : nn.Module<Tensor, Tensor>, IStandInLayer
{
    public Dense(long inputs, long outputs, bool bias, ScalarType type, Device device)
        : base(nameof(Dense))
    {
        weight = new Parameter(empty([outputs, inputs], type, device));
        register_parameter("weight", weight);
        if (!bias) return;
        this.bias = new Parameter(empty([outputs], type, device));
        register_parameter("bias", this.bias);
    }

    public Parameter weight { get; private set; }

    public Parameter? bias { get; private set; }

    /// <summary>Gets the input and the output and returns what leaves the layer; null (no adapter) leaves the output as it is.</summary>
    public Func<Tensor, Tensor, Tensor>? Adapter { get; set; }

    public override Tensor forward(Tensor x) => Forward(x, decoding: false);

    /// <summary>The same; a step of decoding has a product of its own for its few rows.</summary>
    public Tensor Forward(Tensor x, bool decoding)
    {
        var y = decoding && FewRowsProduct.Takes(x, weight) ? FewRows(x) : bias is null || x.dim() == 2 ? nn.functional.linear(x, weight, bias) : WithBias(x);
        return Adapter is null ? y : Adapter(x, y);
    }

    public void Use(string name, Parameter parameter)
    {
        if (name == nameof(weight)) weight = parameter;
        else bias = parameter;
    }

    private Tensor FewRows(Tensor x)
    {
        var y = FewRowsProduct.Of(x, weight);
        return bias is null ? y : y.PlusInPlace(bias, 1);
    }

    /// <summary>libtorch adds a bias inside the product for matrices only; elsewhere it is a second pass, and in bfloat16 a second rounding.</summary>
    private Tensor WithBias(Tensor x)
    {
        using var scope = NewDisposeScope();
        long[] shape = [.. x.shape[..^1], weight.shape[0]];
        return nn.functional.linear(x.reshape(-1, x.shape[^1]), weight, bias).view(shape).MoveToOuterDisposeScope();
    }
}
