using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Keys and values of the tokens that rows have written, in blocks allocated ahead; which column a step writes, <see cref="RingColumns"/>
/// says. Owns its tensors.
/// </summary>
internal sealed class SuffixCache : IDisposable
{
    private readonly Tensor[] _stores;
    private readonly int _layers;

    /// <param name="layers">Number of layers.</param>
    /// <param name="shape">Key-value heads and head size.</param>
    /// <param name="limit">Most tokens of a row.</param>
    /// <param name="type">Dtype.</param>
    /// <param name="device">Device.</param>
    public SuffixCache(int layers, (long Heads, long Size) shape, int limit, ScalarType type, Device device)
    {
        (_layers, Ring) = (layers, new RingColumns(limit));
        // Keys of all layers, then their values.
        long[] none = [shape.Heads, 0, Ring.Capacity, shape.Size];
        _stores = [.. Enumerable.Range(0, 2 * layers).Select(_ => empty(none, type, device).DetachFromDisposeScope())];
    }

    /// <summary>Its columns.</summary>
    public RingColumns Ring { get; }

    /// <summary>Adds rows that have written nothing.</summary>
    public void AddRows(int count)
    {
        Each(store => cat([store, zeros([store.shape[0], count, store.shape[2], store.shape[3]], store.dtype, store.device)], 1));
        Ring.Add(count);
    }

    /// <summary>Makes room for one more token of every row.</summary>
    public void BeginStep()
    {
        if (Ring.BeginStep() is > 0 and var more)
            Each(store => cat([store, zeros([store.shape[0], store.shape[1], more, store.shape[3]], store.dtype, store.device)], 2));
    }

    /// <summary>Writes this step's keys and values.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="key">[R, key-value heads, d].</param>
    /// <param name="value">[R, key-value heads, d].</param>
    public void Write(int layer, Tensor key, Tensor value)
    {
        var column = Ring.Column;
        void Put(Tensor store, Tensor now) => store.select(2, column).copy_(now.transpose(0, 1));
        Put(_stores[layer], key);
        Put(_stores[_layers + layer], value);
    }

    /// <summary>All that a layer has written, [key-value heads, R, used, d]: views.</summary>
    public (Tensor Keys, Tensor Values) Written(int layer)
        => (_stores[layer].narrow(2, 0, Ring.Used), _stores[_layers + layer].narrow(2, 0, Ring.Used));

    /// <summary>
    /// All that a layer has, [key-value heads, R, capacity, d], of which <see cref="RingColumns.Used"/> columns hold something.
    /// </summary>
    public (Tensor Keys, Tensor Values) Stores(int layer) => (_stores[layer], _stores[_layers + layer]);

    /// <summary>Keeps some rows.</summary>
    /// <param name="rows">Ascending indices.</param>
    /// <param name="index">The same, int64 on the cache's device.</param>
    public void Keep(int[] rows, Tensor index)
    {
        Each(store => store.index_select(1, index));
        Ring.Keep(rows);
    }

    public void Dispose()
    {
        foreach (var store in _stores) store.Dispose();
    }

    private void Each(Func<Tensor, Tensor> make)
    {
        for (var i = 0; i < _stores.Length; i++)
        {
            using var scope = NewDisposeScope();
            var made = make(_stores[i]).DetachFromDisposeScope();
            _stores[i].Dispose();
            _stores[i] = made;
        }
    }
}
