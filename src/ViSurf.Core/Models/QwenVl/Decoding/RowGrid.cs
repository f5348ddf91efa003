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

    /// <summary>[key-value heads, R, repeats, x] to [key-value heads · Q, width · repeats, x]; a view when all groups are as large.</summary>
    public Tensor Spread(Tensor rows)
        => (_spread is null ? rows : rows.index_select(1, _spread)).reshape(rows.shape[0] * Prompts, Width * rows.shape[2], rows.shape[3]);

    /// <summary>And back.</summary>
    public Tensor Gather(Tensor grid, long heads)
    {
        var rows = grid.view(heads, Prompts * Width, -1, grid.shape[2]);
        return _gather is null ? rows : rows.index_select(1, _gather);
    }

    public void Dispose()
    {
        _spread?.Dispose();
        _gather?.Dispose();
    }
}
