using TorchSharp.Modules;
using ViSurf.Core.Common.Aten;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// Linear layers of the same input in one product, where their weights lie one after the other in memory (<see cref="Dense.Joined"/>) and
/// still do: a parameter that a stand-in has replaced, or that was moved, makes it a product for each. Their low-rank updates are two
/// products more. For decoding: no gradient, and the factors' numbers must not change while this is in use. Owns what it keeps.
/// </summary>
internal sealed class JoinedProduct(params Dense[] layers) : IDisposable
{
    private readonly Parameter?[] _seen = new Parameter?[2 * layers.Length];
    private Tensor? _weight, _bias;
    private LowRankFactors? _factors;

    /// <summary>Whether the last product was one for all layers.</summary>
    public bool IsJoined => _weight is not null;

    /// <summary>What the layers make of x, one after the other.</summary>
    /// <param name="x">[R, in].</param>
    /// <returns>[R, sum of out].</returns>
    public Tensor Of(Tensor x)
    {
        if (!IsSeen()) Look();
        using var scope = NewDisposeScope();
        var (plain, on) = (true, 0);
        foreach (var layer in layers)
        {
            if (layer.Adapter is null) continue;
            if (layer.LowRank is not { IsMore: false } update) plain = false;
            else if (update.IsOn) on++;
        }
        if (_weight is null || !plain)
            return cat([.. layers.Select(layer => layer.Forward(x, decoding: true))], 1).MoveToOuterDisposeScope();
        var y = nn.functional.linear(x, _weight, _bias);
        if (on > 0) Factors().AddTo(y, x);
        return y.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        Forget();
        _factors?.Dispose();
    }

    private bool IsSeen()
    {
        for (var i = 0; i < layers.Length; i++)
            if (!ReferenceEquals(_seen[2 * i], layers[i].weight) || !ReferenceEquals(_seen[2 * i + 1], layers[i].bias)) return false;
        return true;
    }

    private void Look()
    {
        Forget();
        for (var i = 0; i < layers.Length; i++) (_seen[2 * i], _seen[2 * i + 1]) = (layers[i].weight, layers[i].bias);
        var biases = layers.Select(layer => layer.bias).OfType<Parameter>().ToArray();
        if (biases.Length > 0 && biases.Length < layers.Length) return;
        using var scope = NewDisposeScope();
        var weight = Adjacent.Joined([.. layers.Select(layer => layer.weight)]);
        var bias = biases.Length == 0 ? null : Adjacent.Joined(biases);
        if (weight is null || biases.Length > 0 && bias is null) return;
        (_weight, _bias) = (weight.DetachFromDisposeScope(), bias?.DetachFromDisposeScope());
    }

    private LowRankFactors Factors()
    {
        if (_factors?.AreOf(layers) == true) return _factors;
        _factors?.Dispose();
        return _factors = new LowRankFactors(layers);
    }

    private void Forget()
    {
        _weight?.Dispose();
        _bias?.Dispose();
        (_weight, _bias) = (null, null);
    }
}
