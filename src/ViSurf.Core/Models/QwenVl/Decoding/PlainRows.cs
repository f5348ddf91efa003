using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>Rows through the layers as any pass goes through them, over prompts that they share.</summary>
internal sealed class PlainRows : IDecodeRows
{
    private readonly QwenVlModule _module;
    private readonly SharedCache _cache;
    private Tensor? _positions;

    /// <param name="module">The model.</param>
    /// <param name="limit">Most tokens of a row.</param>
    public PlainRows(QwenVlModule module, int limit)
    {
        _module = module;
        _cache = new SharedCache(module.Config.Text, limit, module.Decoder.Embedding.dtype, module.Device, kernels: true);
    }

    public IReadOnlyList<int> Ages => _cache.Ages;

    public void Add(Arrival arrival)
    {
        using var scope = NewDisposeScope();
        _cache.Add(arrival);
        Replace(_positions is null ? arrival.Positions.alias() : cat([_positions, arrival.Positions], 0));
    }

    public void Keep(int[] rows, Tensor index)
    {
        using var scope = NewDisposeScope();
        _cache.Keep(rows, index);
        Replace(_positions!.index_select(0, index));
    }

    public Tensor Step(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        using var plain = new Recomputation(active: false);
        var (decoder, positions) = (_module.Decoder, _positions!.unsqueeze(0).expand(3, -1));
        var hidden = decoder.Forward(decoder.Embed(tokens), positions, _cache.BeginStep(), null, plain);
        Replace(_positions!.Plus(1L));
        return hidden.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _cache.Dispose();
        _positions?.Dispose();
    }

    private void Replace(Tensor positions)
    {
        _positions?.Dispose();
        _positions = positions.DetachFromDisposeScope();
    }
}
