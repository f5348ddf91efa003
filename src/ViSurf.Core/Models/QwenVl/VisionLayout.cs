using ViSurf.Core.Encoding;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Where each patch of a batch of pictures sits: its (row, column) for the rotary embedding, the order that puts windows side by
/// side, and the segments within which blocks attend. Managed integers; follows transformers' <c>rot_pos_emb</c> and
/// <c>get_window_index</c>.
/// </summary>
internal sealed class VisionLayout
{
    private VisionLayout(long[] rows, long[] columns, long[] windowOrder, int[] windows, int[] frames)
        => (Rows, Columns, WindowOrder, Windows, Frames) = (rows, columns, windowOrder, windows, frames);

    /// <summary>[K]: patch row, in merge-block order.</summary>
    public long[] Rows { get; }

    /// <summary>[K]: patch column, in merge-block order.</summary>
    public long[] Columns { get; }

    /// <summary>[K / merge²]: the merged cell that comes at each place when windows lie side by side.</summary>
    public long[] WindowOrder { get; }

    /// <summary>Patches per window, in window order; none is empty.</summary>
    public int[] Windows { get; }

    /// <summary>Patches per frame.</summary>
    public int[] Frames { get; }

    public static VisionLayout Of(IReadOnlyList<PatchGrid> grids, QwenVisionConfig config)
    {
        var merge = config.SpatialMergeSize;
        var side = config.WindowSize / merge / config.PatchSize;
        var (rows, columns, order) = (new List<long>(), new List<long>(), new List<long>());
        var (windows, frames) = (new List<int>(), new List<int>());
        var cell = 0L;
        foreach (var grid in grids)
        {
            var (height, width) = (grid.Height / merge, grid.Width / merge);
            for (var f = 0; f < grid.Frames; f++)
            {
                AddPositions(rows, columns, height, width, merge);
                frames.Add(grid.Height * grid.Width);
                // Windows that would start beyond the edge are the empty ones that the reference pads and then drops.
                for (var top = 0; top < height; top += side)
                    for (var left = 0; left < width; left += side)
                        windows.Add(AddWindow(order, cell, top, left, Math.Min(side, height - top), Math.Min(side, width - left), width) * merge * merge);
                cell += (long)height * width;
            }
        }
        return new VisionLayout([.. rows], [.. columns], [.. order], [.. windows], [.. frames]);
    }

    private static void AddPositions(List<long> rows, List<long> columns, int height, int width, int merge)
    {
        for (var top = 0; top < height; top++)
            for (var left = 0; left < width; left++)
                for (var y = 0; y < merge; y++)
                    for (var x = 0; x < merge; x++)
                    {
                        rows.Add(top * merge + y);
                        columns.Add(left * merge + x);
                    }
    }

    private static int AddWindow(List<long> order, long first, int top, int left, int height, int width, int stride)
    {
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                order.Add(first + (long)(top + y) * stride + left + x);
        return height * width;
    }
}
