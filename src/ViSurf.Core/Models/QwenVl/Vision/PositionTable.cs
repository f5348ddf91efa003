using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Layers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Vision;

/// <summary>
/// Learned positions on an N × N grid, stretched over every picture: patch r of h rows stands at r (N − 1) / (h − 1), and reads the four
/// entries around that point, bilinearly. transformers' <c>fast_pos_embed_interpolate</c>.
/// </summary>
internal sealed class PositionTable : nn.Module, IStandInLayer
{
    private readonly int _side;

    public PositionTable(QwenVisionConfig config, ScalarType type, Device device)
        : base(nameof(PositionTable))
    {
        _side = config.PositionTableSide;
        weight = new Parameter(empty([(long)_side * _side, config.HiddenSize], type, device));
        register_parameter("weight", weight);
    }

    public Parameter weight { get; private set; }

    public void Use(string name, Parameter parameter) => weight = parameter;

    /// <returns>[K, width], in merge-block order.</returns>
    public Tensor Forward(VisionLayout layout)
    {
        using var scope = NewDisposeScope();
        var (entries, shares) = Corners(layout);
        var sum = zeros([layout.Rows.Length, weight.shape[1]], weight.dtype, weight.device);
        for (var corner = 0; corner < 4; corner++)
        {
            var entry = tensor(entries[corner], device: weight.device);
            var share = tensor(shares[corner], device: weight.device).to(weight.dtype).unsqueeze(1);
            sum = sum.Plus(weight.index_select(0, entry) * share);
        }
        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>The four table entries around every patch, and their shares, which sum to one.</summary>
    private (long[][] Entries, float[][] Shares) Corners(VisionLayout layout)
    {
        var count = layout.Rows.Length;
        var entries = Enumerable.Range(0, 4).Select(_ => new long[count]).ToArray();
        var shares = Enumerable.Range(0, 4).Select(_ => new float[count]).ToArray();
        var patch = 0;
        foreach (var grid in layout.Grids)
            for (var i = 0; i < grid.Patches; i++, patch++)
            {
                var (top, bottom, down) = Along(layout.Rows[patch], grid.Height);
                var (left, right, across) = Along(layout.Columns[patch], grid.Width);
                (entries[0][patch], shares[0][patch]) = (top * _side + left, (1 - down) * (1 - across));
                (entries[1][patch], shares[1][patch]) = (top * _side + right, (1 - down) * across);
                (entries[2][patch], shares[2][patch]) = (bottom * _side + left, down * (1 - across));
                (entries[3][patch], shares[3][patch]) = (bottom * _side + right, down * across);
            }
        return (entries, shares);
    }

    private (long Below, long Above, float Fraction) Along(long index, int count)
    {
        var place = count == 1 ? 0 : (double)index * (_side - 1) / (count - 1);
        var below = (long)place;
        return (below, Math.Min(below + 1, _side - 1), (float)(place - below));
    }
}
