using ViSurf.Core.Encoding;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>
/// Qwen2.5-VL's attention windows: the order that puts them side by side, and how many patches each has. Managed integers; follows
/// transformers' <c>get_window_index</c>.
/// </summary>
/// <param name="Order">[K / merge²]: the merged cell that comes at each place when windows lie side by side.</param>
/// <param name="Lengths">Patches per window, in that order; none is empty.</param>
internal sealed record WindowLayout(long[] Order, int[] Lengths)
{
    public static WindowLayout Of(IReadOnlyList<PatchGrid> grids, QwenVisionConfig config)
    {
        var merge = config.SpatialMergeSize;
        var side = config.WindowSize / merge / config.PatchSize;
        var (order, lengths, cell) = (new List<long>(), new List<int>(), 0L);
        foreach (var grid in grids)
        {
            var (height, width) = (grid.Height / merge, grid.Width / merge);
            for (var f = 0; f < grid.Frames; f++)
            {
                // Windows that would start beyond the edge are the empty ones that the reference pads and then drops.
                for (var top = 0; top < height; top += side)
                    for (var left = 0; left < width; left += side)
                        lengths.Add(AddWindow(order, cell, top, left, Math.Min(side, height - top), Math.Min(side, width - left), width) * merge * merge);
                cell += (long)height * width;
            }
        }
        return new WindowLayout([.. order], [.. lengths]);
    }

    private static int AddWindow(List<long> order, long first, int top, int left, int height, int width, int stride)
    {
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                order.Add(first + (long)(top + y) * stride + left + x);
        return height * width;
    }
}
