using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Keys and values of the tokens that rows have written, in blocks allocated ahead. A ring: every step writes the same column of all
/// rows, and when the last column is reached the first is written again, which no row needs any more, because no row is longer than the
/// ring. So rows that enter later cost no copying. Owns its tensors.
/// </summary>
internal sealed class SuffixCache : IDisposable
{
    private const int FirstBlock = 32;
    private readonly Tensor[] _stores;
    private readonly int _layers;
    private readonly int _limit;
    private int[] _ages = [];
    private int _steps;

    /// <param name="layers">Number of layers.</param>
    /// <param name="shape">Key-value heads and head size.</param>
    /// <param name="limit">Most tokens of a row.</param>
    /// <param name="type">Dtype.</param>
    /// <param name="device">Device.</param>
    public SuffixCache(int layers, (long Heads, long Size) shape, int limit, ScalarType type, Device device)
    {
        (_limit, _layers) = (Math.Max(1, limit), layers);
        // Keys of all layers, then their values.
        _stores = [.. Enumerable.Range(0, 2 * layers).Select(_ => empty([shape.Heads, 0, Math.Min(FirstBlock, _limit), shape.Size], type, device).DetachFromDisposeScope())];
    }

    /// <summary>Tokens that each row has written, this step's included once it has begun.</summary>
    public IReadOnlyList<int> Ages => _ages;

    /// <summary>The column that this step writes; what a row has written lies before it and, when that goes below 0, at the end.</summary>
    public int Column => (_steps - 1) % Capacity;

    /// <summary>Columns that hold anything.</summary>
    public int Used => Math.Min(_steps, Capacity);

    /// <summary>Columns there are.</summary>
    public int Capacity => (int)_stores[0].shape[2];

    /// <summary>Adds rows that have written nothing.</summary>
    public void AddRows(int count)
    {
        Each(store => cat([store, zeros([store.shape[0], count, store.shape[2], store.shape[3]], store.dtype, store.device)], 1));
        _ages = [.. _ages, .. new int[count]];
    }

    /// <summary>Makes room for one more token of every row.</summary>
    public void BeginStep()
    {
        if (_steps == Capacity && Capacity < _limit)
        {
            var more = Math.Min(_limit, 2 * Capacity) - Capacity;
            Each(store => cat([store, zeros([store.shape[0], store.shape[1], more, store.shape[3]], store.dtype, store.device)], 2));
        }
        _steps++;
        for (var row = 0; row < _ages.Length; row++) _ages[row]++;
    }

    /// <summary>Writes this step's keys and values.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="key">[R, key-value heads, d].</param>
    /// <param name="value">[R, key-value heads, d].</param>
    public void Write(int layer, Tensor key, Tensor value)
    {
        var column = Column;
        void Put(Tensor store, Tensor now) => store.select(2, column).copy_(now.transpose(0, 1));
        Put(_stores[layer], key);
        Put(_stores[_layers + layer], value);
    }

    /// <summary>All that a layer has written, [key-value heads, R, used, d]: views.</summary>
    public (Tensor Keys, Tensor Values) Written(int layer)
        => (_stores[layer].narrow(2, 0, Used), _stores[_layers + layer].narrow(2, 0, Used));

    /// <summary>All that a layer has, [key-value heads, R, capacity, d], of which <see cref="Used"/> columns hold something.</summary>
    public (Tensor Keys, Tensor Values) Stores(int layer) => (_stores[layer], _stores[_layers + layer]);

    /// <summary>Which columns each row may not see, bool [R, used]; null when every row sees all.</summary>
    public bool[]? Hidden()
    {
        if (_ages.All(age => age == Used)) return null;
        var hidden = new bool[_ages.Length * Used];
        Array.Fill(hidden, true);
        for (var row = 0; row < _ages.Length; row++)
            for (var back = 0; back < _ages[row]; back++) hidden[row * Used + (_steps - 1 - back) % Capacity] = false;
        return hidden;
    }

    /// <summary>Keeps some rows.</summary>
    /// <param name="rows">Ascending indices.</param>
    /// <param name="index">The same, int64 on the cache's device.</param>
    public void Keep(int[] rows, Tensor index)
    {
        Each(store => store.index_select(1, index));
        _ages = [.. rows.Select(row => _ages[row])];
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
