using ViSurf.Core.Common;
using ViSurf.Core.Models.Kernels;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// x + mlp(norm(x)) with its gradient written out: of every row it keeps x, one number of the norm, gate and up. The normed row, SiLU and
/// the product are made again in the backward pass, which costs a pass over them and no matrix product.
/// </summary>
internal sealed class SwiGluBlock : IClosedForm
{
    private readonly RmsNorm _norm;
    private readonly SwiGlu _mlp;

    private SwiGluBlock(RmsNorm norm, SwiGlu mlp) => (_norm, _mlp) = (norm, mlp);

    public IEnumerable<Tensor> Weights => [_norm.weight, .. Linear.SelectMany(layer => layer.Used)];

    private Dense[] Linear => [_mlp.Gate, _mlp.Up, _mlp.Down];

    /// <summary>x + mlp(norm(x)).</summary>
    /// <param name="norm">Before the MLP.</param>
    /// <param name="mlp">Its layers.</param>
    /// <param name="x">The residual stream, [M, H].</param>
    /// <param name="decoding">Whether this is a step of decoding, which has products of its own.</param>
    public static Tensor Forward(RmsNorm norm, SwiGlu mlp, Tensor x, bool decoding = false)
    {
        var block = new SwiGluBlock(norm, mlp);
        // An adapter sees the inputs of its layers, so they are there to be kept.
        if (norm.Fused || decoding || x.dim() != 2 || !RmsMath.Takes(x, norm.weight)
            || block.Linear.Any(layer => layer.Adapter is not null))
            return mlp.Forward(norm.forward(x), decoding).AddedTo(x);
        return ClosedForm.Apply(block, norm.Learning ?? block.Linear.Select(layer => layer.Learning).FirstOrDefault(p => p is not null), x);
    }

    public Tensor Forward(Tensor[] inputs, List<Tensor>? keep)
    {
        var x = inputs[0];
        var (normed, scales) = RmsMath.Of(x, _norm.weight, _norm.Epsilon);
        var (gate, up) = (_mlp.Gate.forward(normed), _mlp.Up.forward(normed));
        normed.Dispose();
        keep?.AddRange([x, scales, gate, up]);
        return _mlp.Down.forward(Gated.Of(gate, up, inPlace: keep is null)).PlusInPlace(x, 1);
    }

    public Tensor?[] Backward(Tensor gradient, IReadOnlyList<Tensor> kept, bool[] wanted)
    {
        var (x, scales, gate, up) = (kept[0], kept[1], kept[2], kept[3]);
        var (dGate, dUp, product) = Gated.Gradient(gate, up, gradient.mm(_mlp.Down.weight));
        _mlp.Down.AddGradient(gradient, product);
        product.Dispose();
        var normed = RmsMath.Again(x, _norm.weight, scales);
        _mlp.Gate.AddGradient(dGate, normed);
        _mlp.Up.AddGradient(dUp, normed);
        normed.Dispose();
        if (!wanted[0] && !_norm.weight.requires_grad) return [null];
        var through = dGate.mm(_mlp.Gate.weight).addmm_(dUp, _mlp.Up.weight, 1, 1);
        return [RmsMath.Gradient(through, x, _norm.weight, scales, gradient, inPlace: true)];
    }
}
