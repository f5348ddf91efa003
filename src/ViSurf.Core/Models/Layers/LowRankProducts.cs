using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// The fused way of low-rank updates, with gradient: layers of one input share the product with their A's, the scale is folded into B, the
/// product with B adds to the layer's output where that is, and factors are cast to the layer's dtype together. An update out of place
/// would be three passes more over the widest tensors of a layer.
/// </summary>
internal static class LowRankProducts
{
    /// <summary>Whether layers go this way: all are fused, some have an update that acts, and none has more than that.</summary>
    /// <param name="x">Their input.</param>
    /// <param name="layers">At least one.</param>
    public static bool Take(Tensor x, ReadOnlySpan<Dense> layers)
    {
        var some = false;
        foreach (var layer in layers)
        {
            if (!layer.Fused || x.dim() != 2) return false;
            if (layer.Adapter is null) continue;
            if (layer.LowRank is not { IsMore: false } update) return false;
            some |= update.IsOn;
        }
        return some;
    }

    /// <summary>What each layer makes of x, its update included.</summary>
    /// <param name="x">[M, in].</param>
    /// <param name="layers">Which <see cref="Take"/> takes.</param>
    /// <returns>[M, out] of each.</returns>
    public static Tensor[] Of(Tensor x, Dense[] layers)
    {
        using var scope = NewDisposeScope();
        var outputs = Array.ConvertAll(layers, layer => layer.Plain(x, decoding: false));
        var adapted = Enumerable.Range(0, layers.Length).Where(i => layers[i].LowRank is { IsOn: true }).ToArray();
        var updates = adapted.Select(i => layers[i].LowRank!).ToArray();
        var down = Joined([.. updates.Select(update => (Tensor)update.Down)]).to_type(x.dtype);
        var low = nn.functional.linear(x, down).split([.. updates.Select(update => update.Down.shape[0])], 1);
        var up = Scaled(updates).to_type(x.dtype).split([.. updates.Select(update => update.Up.numel())]);
        for (var i = 0; i < updates.Length; i++)
            outputs[adapted[i]] = outputs[adapted[i]].addmm_(low[i], up[i].view(updates[i].Up.shape).t(), 1, 1);
        return Array.ConvertAll(outputs, output => output.MoveToOuterDisposeScope());
    }

    /// <summary>s · B of each, flattened, one after the other.</summary>
    private static Tensor Scaled(ILowRank[] updates)
    {
        var scale = updates[0].Scaling;
        if (updates.All(update => update.Scaling == scale))
        {
            var joined = Joined([.. updates.Select(update => update.Up.view(-1))]);
            return scale == 1 ? joined : joined.Times(scale);
        }
        return Joined([.. updates.Select(update => update.Up.view(-1).Times(update.Scaling))]);
    }

    private static Tensor Joined(Tensor[] parts) => parts.Length == 1 ? parts[0] : cat(parts, 0);
}
