using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// The low-rank updates of some layers with the same input, as two products however many layers: one A of all, and one B with a block for
/// each layer and zeros beside it, scaled. In the dtype that the products run in, so that nothing is cast at every token. Owns its tensors.
/// </summary>
internal sealed class LowRankFactors : IDisposable
{
    private readonly ILowRank?[] _sources;
    private readonly Tensor _down, _up;

    /// <param name="layers">At least one with an update.</param>
    public LowRankFactors(IReadOnlyList<Dense> layers)
    {
        _sources = [.. layers.Select(layer => layer.LowRank)];
        using var scope = NewDisposeScope();
        var type = layers[0].weight.dtype;
        var updates = _sources.OfType<ILowRank>().ToArray();
        _down = cat([.. updates.Select(update => update.Down.detach().to_type(type))], 0).DetachFromDisposeScope();
        var up = zeros([layers.Sum(layer => layer.weight.shape[0]), _down.shape[0]], type, _down.device);
        var (row, column) = (0L, 0L);
        foreach (var layer in layers)
        {
            if (layer.LowRank is { } update)
            {
                var scaled = update.Up.detach().Times(update.Scaling);
                up.narrow(0, row, scaled.shape[0]).narrow(1, column, scaled.shape[1]).copy_(scaled);
                column += scaled.shape[1];
            }
            row += layer.weight.shape[0];
        }
        _up = up.t().DetachFromDisposeScope();
    }

    /// <summary>Whether these are still the updates of the layers.</summary>
    public bool AreOf(IReadOnlyList<Dense> layers)
    {
        for (var i = 0; i < _sources.Length; i++)
            if (!ReferenceEquals(_sources[i], layers[i].LowRank)) return false;
        return true;
    }

    /// <summary>Adds the updates to y.</summary>
    /// <param name="x">[R, in].</param>
    /// <param name="y">[R, sum of out], what the layers made of it.</param>
    public void AddTo(Tensor y, Tensor x)
    {
        using var scope = NewDisposeScope();
        y.addmm_(nn.functional.linear(x, _down), _up, 1, 1);
    }

    public void Dispose()
    {
        _down.Dispose();
        _up.Dispose();
    }
}
