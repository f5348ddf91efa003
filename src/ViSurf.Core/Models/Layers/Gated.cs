using ViSurf.Core.Common;
using ViSurf.Core.Models.Kernels;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>SiLU(gate) · up, which keeps the two and no SiLU.</summary>
internal sealed class Gated : IClosedForm
{
    private Gated()
    {
    }

    /// <summary>SiLU(gate) · up; without gradient it may be written over the gate.</summary>
    /// <param name="gate">Before the SiLU: what a layer has just returned.</param>
    /// <param name="up">Of the same shape, likewise.</param>
    public static Tensor Of(Tensor gate, Tensor up)
        => RmsMath.Takes(gate, up) && up.is_contiguous() ? ClosedForm.Apply(new Gated(), null, gate, up)
            : is_grad_enabled() ? nn.functional.silu(gate) * up
            : gate.silu_().mul_(up);

    /// <summary>The same of contiguous tensors, without gradient.</summary>
    public static Tensor Of(Tensor gate, Tensor up, bool inPlace)
    {
        if (!HostMemory.Takes(gate)) return inPlace ? gate.silu_().mul_(up) : nn.functional.silu(gate).mul_(up);
        var product = inPlace ? gate : empty_like(gate);
        HostGate.Apply(gate, up, product);
        return inPlace ? gate.alias() : product;
    }

    /// <summary>The gradients of gate and up, and the product once more. All three may be written over what came in.</summary>
    /// <param name="gate">Before the SiLU.</param>
    /// <param name="up">Of the same shape.</param>
    /// <param name="gradient">Of the product.</param>
    public static (Tensor Gate, Tensor Up, Tensor Product) Gradient(Tensor gate, Tensor up, Tensor gradient)
    {
        if (!HostMemory.Takes(gate)) return ByTorch(gate, up, gradient);
        HostGate.Gradient(gate, up, gradient, gradient);
        return (gate, up, gradient);
    }

    public IEnumerable<Tensor> Weights => [];

    public Tensor Forward(Tensor[] inputs, List<Tensor>? keep)
    {
        keep?.AddRange(inputs);
        return Of(inputs[0], inputs[1], inPlace: keep is null);
    }

    public Tensor?[] Backward(Tensor gradient, IReadOnlyList<Tensor> kept, bool[] wanted)
    {
        if (!HostMemory.Takes(kept[0]))
        {
            var (gate, up, _) = ByTorch(kept[0], kept[1], gradient);
            return [gate, up];
        }
        HostGate.Gradient(kept[0], kept[1], gradient, null);
        return [kept[0].alias(), kept[1].alias()];
    }

    private static (Tensor Gate, Tensor Up, Tensor Product) ByTorch(Tensor gate, Tensor up, Tensor gradient)
    {
        var open = gate.sigmoid();
        var silu = gate * open;
        return (open.Plus(silu * open.neg().PlusInPlace(1)).mul_(gradient).mul_(up), gradient * silu, silu * up);
    }
}
