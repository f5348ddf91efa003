using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.QwenVl.Vision;

namespace ViSurf.Core.Benchmarks;

/// <summary>
/// Floating-point operations that a group-native Qwen2.5-VL cannot avoid: matrix products only, two operations per multiply-add, each
/// picture and prompt once, valid tokens only. Softmax, norms and the optimizer are left out, so the floor is a true lower bound.
/// </summary>
internal sealed class Flops(QwenVlConfig config)
{
    /// <summary>A backward pass has two products for each of the forward's: one for the input's gradient, one for the weight's.</summary>
    public const double ForwardAndBackward = 3;

    /// <summary>The vision tower and merger.</summary>
    public double Vision(IReadOnlyList<PatchGrid> grids)
    {
        var v = config.Vision ?? throw new InvalidOperationException($"Expected a configuration with a vision tower, got '{config.ModelType}'.");
        var (layout, windows) = (VisionLayout.Of(grids, v.SpatialMergeSize), WindowLayout.Of(grids, v));
        double patches = layout.Rows.Length, width = v.HiddenSize, joined = width * v.SpatialMergeSize * v.SpatialMergeSize;
        var linear = patches * v.Depth * (4 * width * width + 3 * width * v.IntermediateSize);
        // Queries times keys, then weights times values, inside each segment.
        double Attended(int[] segments) => segments.Sum(s => 2.0 * width * s * s);
        var full = v.FullAttentionBlocks.Count;
        var attention = full * Attended(layout.Frames) + (v.Depth - full) * Attended(windows.Lengths);
        var merger = windows.Order.Length * (joined * joined + joined * v.OutputSize);
        return 2 * (patches * v.PatchWidth * width + linear + attention + merger);
    }

    /// <summary>Tokens first … first + count − 1 of one sequence through the decoder; token i looks at i + 1 keys.</summary>
    public double Decoder(long first, long count)
    {
        var t = config.Text;
        double queries = t.Heads * t.HeadSize, keys = t.KeyValueHeads * t.HeadSize;
        var linear = 2 * t.HiddenSize * queries + 2 * t.HiddenSize * keys + 3.0 * t.HiddenSize * t.IntermediateSize;
        var seen = count * (first + 1) + count * (count - 1) / 2.0;
        return 2.0 * t.Layers * (count * linear + 2 * queries * seen);
    }

    /// <summary>The head on that many positions.</summary>
    public double Head(long positions) => 2.0 * positions * config.Text.HiddenSize * config.Text.VocabularySize;

    /// <summary>One group, forward: picture and prompt once, then each completion after it (its last token is predicted, not read).</summary>
    public double Group(IReadOnlyList<PatchGrid> grids, int promptTokens, IEnumerable<int> completionTokens)
        => Vision(grids) + Decoder(0, promptTokens) + completionTokens.Sum(n => Decoder(promptTokens, n - 1) + Head(n));
}
