using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>second(activation(first(x))), both with biases.</summary>
internal sealed class TwoLayerMlp : nn.Module<Tensor, Tensor>
{
    private readonly Dense _first, _second;
    private readonly Func<Tensor, Tensor> _activation;

    /// <param name="names">What checkpoints call the two layers.</param>
    /// <param name="activation">One of <see cref="Gelu"/>.</param>
    /// <param name="size">Width of input and output.</param>
    /// <param name="inner">Width between them.</param>
    /// <param name="type">Dtype of the weights.</param>
    /// <param name="device">Where they live.</param>
    public TwoLayerMlp((string First, string Second) names, Func<Tensor, Tensor> activation, long size, long inner, ScalarType type, Device device)
        : base(nameof(TwoLayerMlp))
    {
        _activation = activation;
        register_module(names.First, _first = new Dense(size, inner, bias: true, type, device));
        register_module(names.Second, _second = new Dense(inner, size, bias: true, type, device));
    }

    public override Tensor forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        return _second.forward(_activation(_first.forward(x))).MoveToOuterDisposeScope();
    }
}

/// <summary>Three functions of that name.</summary>
internal static class Gelu
{
    /// <summary>x · Φ(x).</summary>
    public static Tensor Exact(Tensor x) => nn.functional.gelu(x);

    /// <summary>The tanh approximation (<c>gelu_pytorch_tanh</c>).</summary>
    public static Tensor Tanh(Tensor x) => x.gelu(TorchSharp.Modules.GELU.Approximate.tanh);

    /// <summary>x · σ(1.702 x) (<c>quick_gelu</c>).</summary>
    public static Tensor Quick(Tensor x)
    {
        using var scope = NewDisposeScope();
        return (x * x.Times(1.702).sigmoid()).MoveToOuterDisposeScope();
    }
}
