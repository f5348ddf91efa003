using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Kernels;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// y = x Wᵀ + b. Unlike <c>nn.Linear</c> its memory is left as allocated: a checkpoint is read straight into it, and initialising
/// seven billion numbers only to overwrite them would take a minute.
/// </summary>
internal sealed class Dense : nn.Module<Tensor, Tensor>, IStandInLayer, IFusable
{
    public Dense(long inputs, long outputs, bool bias, ScalarType type, Device device)
        : this(empty([outputs, inputs], type, device), bias ? empty([outputs], type, device) : null)
    {
    }

    private Dense(Tensor weight, Tensor? bias)
        : base(nameof(Dense))
    {
        this.weight = new Parameter(weight);
        register_parameter("weight", this.weight);
        if (bias is null) return;
        this.bias = new Parameter(bias);
        register_parameter("bias", this.bias);
    }

    public Parameter weight { get; private set; }

    public Parameter? bias { get; private set; }

    /// <summary>Gets the input and the output and returns what leaves the layer; null (no adapter) leaves the output as it is.</summary>
    public Func<Tensor, Tensor, Tensor>? Adapter { get; set; }

    /// <summary>The same where it is a low-rank update, in its parts; null when the adapter is another, or there is none.</summary>
    public ILowRank? LowRank { get; set; }

    /// <summary>Whether low-rank updates go by <see cref="LowRankProducts"/>.</summary>
    public bool Fused { get; set; }

    /// <summary>
    /// Layers of the same input whose weights lie one after the other in one piece of memory, and their biases in another, so that one
    /// product can make all of them (<see cref="JoinedProduct"/>). Each is a layer of its own in all else.
    /// </summary>
    /// <param name="inputs">Width of the input.</param>
    /// <param name="outputs">Width of each output.</param>
    /// <param name="bias">Whether they have biases.</param>
    /// <param name="type">Dtype of the weights.</param>
    /// <param name="device">Where they live.</param>
    public static Dense[] Joined(long inputs, long[] outputs, bool bias, ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        var (weights, biases) = (empty([outputs.Sum(), inputs], type, device), bias ? empty([outputs.Sum()], type, device) : null);
        var (layers, row) = (new Dense[outputs.Length], 0L);
        for (var i = 0; i < layers.Length; i++)
        {
            layers[i] = new Dense(weights.narrow(0, row, outputs[i]), biases?.narrow(0, row, outputs[i]));
            foreach (var parameter in layers[i].parameters()) parameter.MoveToOuterDisposeScope();
            row += outputs[i];
        }
        return layers;
    }

    public override Tensor forward(Tensor x) => Forward(x, decoding: false);

    /// <summary>The same; a step of decoding has a product of its own for its few rows.</summary>
    public Tensor Forward(Tensor x, bool decoding)
    {
        if (Adapter is not null && !decoding && LowRankProducts.Take(x, [this])) return LowRankProducts.Of(x, [this])[0];
        var y = Plain(x, decoding);
        return Adapter is null ? y : Adapter(x, y);
    }

    /// <summary>Writes what <see cref="forward"/> returns, the adapter apart, into columns of a larger matrix. No gradient.</summary>
    /// <param name="y">[M, out], rows of any distance.</param>
    /// <param name="x">[M, in].</param>
    public void Into(Tensor y, Tensor x)
    {
        if (bias is not null) y.copy_(bias.expand_as(y));
        y.addmm_(x, weight.t(), bias is null ? 0 : 1, 1);
    }

    /// <summary>What it computes with: weight, and bias where there is one.</summary>
    public IEnumerable<Tensor> Used => bias is null ? [weight] : [weight, bias];

    /// <summary>What it computes with and trains, one of the two; null when both are frozen.</summary>
    public Parameter? Learning => weight.requires_grad ? weight : bias is { requires_grad: true } ? bias : null;

    /// <summary>
    /// Adds to the gradients of weight and bias where they train; for an <see cref="IClosedForm"/> that this layer is a part of.
    /// </summary>
    /// <param name="gradient">Of the output, [M, out].</param>
    /// <param name="x">The input, [M, in].</param>
    public void AddGradient(Tensor gradient, Tensor x)
    {
        ClosedForm.AddProduct(weight, gradient.t(), x);
        ClosedForm.Add(bias, () => gradient.sum([0L]));
    }

    /// <summary>The output of each of several layers for the same input.</summary>
    public static Tensor[] ForwardEach(Tensor x, bool decoding, params Dense[] layers)
        => !decoding && LowRankProducts.Take(x, layers)
            ? LowRankProducts.Of(x, layers)
            : Array.ConvertAll(layers, layer => layer.Forward(x, decoding));

    /// <summary>Without adapter.</summary>
    public Tensor Plain(Tensor x, bool decoding)
        => decoding && FewRowsProduct.Takes(x, weight) ? FewRows(x)
            : bias is null || x.dim() == 2 ? nn.functional.linear(x, weight, bias)
            : WithBias(x);

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
