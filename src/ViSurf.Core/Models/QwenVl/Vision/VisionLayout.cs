using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>
/// Where each patch of a batch of pictures sits: its (row, column) for the rotary embedding, and the frames within which blocks attend.
/// Managed integers; follows transformers' <c>rot_pos_emb</c>.
/// </summary>
internal sealed class VisionLayout
{
    private const double RotaryTheta = 10000;

    private VisionLayout(IReadOnlyList<PatchGrid> grids, long[] rows, long[] columns, int[] frames)
        => (Grids, Rows, Columns, Frames) = (grids, rows, columns, frames);

    public IReadOnlyList<PatchGrid> Grids { get; }

    public int Pictures => Grids.Count;

    /// <summary>[K]: patch row, in merge-block order.</summary>
    public long[] Rows { get; }

    /// <summary>[K]: patch column, in merge-block order.</summary>
    public long[] Columns { get; }

    /// <summary>Patches per frame.</summary>
    public int[] Frames { get; }

    /// <param name="grids">One per picture.</param>
    /// <param name="merge">Patches per side that the merger joins.</param>
    public static VisionLayout Of(IReadOnlyList<PatchGrid> grids, int merge)
    {
        var (rows, columns, frames) = (new List<long>(), new List<long>(), new List<int>());
        foreach (var grid in grids)
            for (var f = 0; f < grid.Frames; f++)
            {
                AddPositions(rows, columns, grid.Height / merge, grid.Width / merge, merge);
                frames.Add(grid.Height * grid.Width);
            }
        return new VisionLayout(grids, [.. rows], [.. columns], [.. frames]);
    }

    /// <summary>The 2-D rotary angles: half of what turns turns by row, half by column.</summary>
    /// <returns>float32 [K, d/2].</returns>
    public Tensor Angles(QwenVisionConfig config, Device device)
    {
        using var scope = NewDisposeScope();
        var frequencies = tensor(Rotary.InverseFrequencies(config.HiddenSize / config.Heads / 2, RotaryTheta), device: CPU);
        var rows = outer(tensor(Rows, device: CPU).to_type(ScalarType.Float32), frequencies);
        var columns = outer(tensor(Columns, device: CPU).to_type(ScalarType.Float32), frequencies);
        return cat([rows, columns], 1).to(device).MoveToOuterDisposeScope();
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
}
