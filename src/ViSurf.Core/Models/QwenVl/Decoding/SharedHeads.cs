using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>The fused step over prompts that rows share: where copies of them would be too large for a <see cref="JoinedCache"/>.</summary>
internal sealed class SharedHeads : IHeadCache
{
    private readonly QwenTextConfig _text;
    private readonly SharedCache _cache;
    private readonly (ScalarType Type, Device Device) _made;
    private IAttention? _attention;
    private Tensor? _place;

    /// <param name="text">The model.</param>
    /// <param name="limit">Most tokens of a row.</param>
    /// <param name="type">Dtype.</param>
    /// <param name="device">Device.</param>
    public SharedHeads(QwenTextConfig text, int limit, ScalarType type, Device device)
        => (_text, _cache, _made) = (text, new SharedCache(text, limit, type, device, kernels: false), (type, device));

    public IReadOnlyList<int> Ages => _cache.Ages;

    public void Add(Arrival arrival) => _cache.Add(arrival);

    public void Keep(int[] rows, Tensor index) => _cache.Keep(rows, index);

    public void BeginStep()
    {
        _attention = _cache.BeginStep();
        if (_place?.shape[0] == Ages.Count) return;
        _place?.Dispose();
        long[] shape = [Ages.Count, _text.Heads + 2 * _text.KeyValueHeads, _text.HeadSize];
        _place = empty(shape, _made.Type, _made.Device).DetachFromDisposeScope();
    }

    public Tensor Place(int layer) => _place!.alias();

    public Tensor Mix(int layer)
    {
        using var scope = NewDisposeScope();
        var (place, shared) = (_place!, (long)_text.KeyValueHeads);
        var (values, keys) = (place.narrow(1, 0, shared), place.narrow(1, shared, shared));
        var queries = place.narrow(1, 2 * shared, _text.Heads);
        return _attention!.Mix(layer, queries, keys, values).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _cache.Dispose();
        _place?.Dispose();
    }
}
