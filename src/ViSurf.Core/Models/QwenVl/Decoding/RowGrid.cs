using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Rows that are being decoded, laid out prompt by prompt, [Q, widest group], so that the queries of a group meet their prompt in one
/// product. Owns its index tensors.
/// </summary>
internal sealed class RowGrid : IDisposable
{
    private readonly Tensor? _spread, _gather;

    /// <param name="prompts">The prompt of each row, not decreasing; every prompt has at least one row.</param>
    /// <param name="device">Where the rows are.</param>
    public RowGrid(IReadOnlyList<int> prompts, Device device)
    {
        var groups = Enumerable.Range(0, prompts.Count).GroupBy(row => prompts[row]).Select(g => g.ToArray()).ToArray();
        (Prompts, Width) = (groups.Length, groups.Max(g => g.Length));
        if (groups.All(g => g.Length == Width)) return;
        // Places that no row fills repeat the group's last row; nobody reads their result.
        var spread = groups.SelectMany(g => Enumerable.Range(0, Width).Select(i => (long)g[Math.Min(i, g.Length - 1)])).ToArray();
        var gather = groups.SelectMany((g, q) => Enumerable.Range(0, g.Length).Select(i => (long)q * Width + i)).ToArray();
        _spread = tensor(spread, device: device).DetachFromDisposeScope();
        _gather = tensor(gather, device: device).DetachFromDisposeScope();
    }

    /// <summary>Q.</summary>
    public int Prompts { get; }

    /// <summary>Rows of the largest group.</summary>
    public int Width { get; }

    /// <summary>[R, key-value heads, repeats, x] to [Q, key-value heads, width · repeats, x].</summary>
    public Tensor Spread(Tensor rows)
    {
        var filled = _spread is null ? rows : rows.index_select(0, _spread);
        var (heads, repeats, size) = (rows.shape[1], rows.shape[2], rows.shape[3]);
        return filled.reshape(Prompts, Width, heads, repeats, size).transpose(1, 2).reshape(Prompts, heads, Width * repeats, size);
    }

    /// <summary>And back.</summary>
    public Tensor Gather(Tensor grid, long repeats)
    {
        var (heads, size) = (grid.shape[1], grid.shape[3]);
        var rows = grid.reshape(Prompts, heads, Width, repeats, size).transpose(1, 2).reshape(Prompts * Width, heads, repeats, size);
        return _gather is null ? rows : rows.index_select(0, _gather);
    }

    public void Dispose()
    {
        _spread?.Dispose();
        _gather?.Dispose();
    }
}
