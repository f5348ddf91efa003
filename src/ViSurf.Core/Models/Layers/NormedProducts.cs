using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// Linear layers of one normed input, such as query, key and value, with the gradient written out: of every row it keeps the norm's input
/// and one number; the normed row is made again in the backward pass, and its gradient is one product of the joined weights.
/// </summary>
/// <param name="norm">Before the layers.</param>
/// <param name="layers">Of that input.</param>
internal sealed class NormedProducts(RmsNorm norm, params Dense[] layers) : IClosedForm
{
    /// <summary>What each layer makes of norm(x): views of one tensor.</summary>
    /// <param name="x">[M, H].</param>
    /// <param name="decoding">Whether this is a step of decoding, which has a product for each.</param>
    public Tensor[] Of(Tensor x, bool decoding = false)
    {
        // An adapter sees the input of its layer, so it is there to be kept.
        if (norm.Fused || decoding || x.dim() != 2 || !RmsMath.Takes(x, norm.weight) || layers.Any(layer => layer.Adapter is not null))
        {
            var normed = norm.forward(x);
            return Dense.ForwardEach(normed, decoding, layers);
        }
        var trained = norm.Learning ?? layers.Select(layer => layer.Learning).FirstOrDefault(p => p is not null);
        return Parts(ClosedForm.Apply(this, trained, x));
    }

    public IEnumerable<Tensor> Weights => [norm.weight, .. layers.SelectMany(layer => layer.Used)];

    public Tensor Forward(Tensor[] inputs, List<Tensor>? keep)
    {
        var (normed, scales) = RmsMath.Of(inputs[0], norm.weight, norm.Epsilon);
        keep?.AddRange([inputs[0], scales]);
        var all = empty([normed.shape[0], layers.Sum(layer => layer.weight.shape[0])], normed.dtype, CPU);
        // Each its own product, with the bits that it has beside an adapter.
        foreach (var (part, layer) in Parts(all).Zip(layers)) layer.Into(part, normed);
        return all;
    }

    public Tensor?[] Backward(Tensor gradient, IReadOnlyList<Tensor> kept, bool[] wanted)
    {
        var normed = RmsMath.Again(kept[0], norm.weight, kept[1]);
        var parts = Parts(gradient);
        for (var i = 0; i < parts.Length; i++) layers[i].AddGradient(parts[i], normed);
        normed.Dispose();
        return wanted[0] || norm.weight.requires_grad
            ? [RmsMath.Gradient(gradient.mm(cat([.. layers.Select(layer => layer.weight)])), kept[0], norm.weight, kept[1], inPlace: true)]
            : [null];
    }

    private Tensor[] Parts(Tensor all) => all.split([.. layers.Select(layer => layer.weight.shape[0])], 1);
}
