using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Rollouts;

/// <summary>Inverse of a cumulative distribution given by unnormalised weights.</summary>
internal static class InverseDistribution
{
    /// <summary>Just below 1, so that u · total stays below total after rounding.</summary>
    private const double BelowOne = 1 - 1.0 / (1L << 51);

    /// <summary>The first index whose cumulative weight exceeds u × total; never an index of weight 0.</summary>
    /// <param name="weights">float32 [R, V], at least one positive per row.</param>
    /// <param name="uniforms">float64 [R] in [0, 1).</param>
    /// <returns>int64 [R, 1].</returns>
    public static Tensor Draw(Tensor weights, Tensor uniforms)
    {
        var (rows, vocabulary) = (weights.shape[0], weights.shape[1]);
        var width = BlockWidth(vocabulary);
        var blocks = weights.reshape(rows, vocabulary / width, width);
        // u · total is below total · BelowOne where u is below BelowOne: rounding keeps the order.
        var cells = blocks.sum(-1).to(ScalarType.Float64);
        var (block, cumulative, target) = Find(cells, uniforms.unsqueeze(1).AtMost(BelowOne));
        // Where in its block u falls, again in [0, 1).
        var weight = cells.gather(1, block);
        var within = ((target - (cumulative.gather(1, block) - weight)) / weight).Between(0, BelowOne);

        var inside = blocks.gather(1, block.unsqueeze(2).expand(rows, 1, width)).squeeze(1);
        return Find(inside.to(ScalarType.Float64), within).Index.PlusMultipleInPlace(block, width);
    }

    /// <summary>Index of the cell that u falls into, with the cumulative weights and u's place among them.</summary>
    private static (Tensor Index, Tensor Cumulative, Tensor Target) Find(Tensor cells, Tensor u)
    {
        // CUDA's cumulative sum has a fixed order, but for a single row, where it is float64's last bit.
        using var _ = TorchContext.Relaxed();
        var cumulative = cells.cumsum(-1);
        var target = u * cumulative.narrow(1, cumulative.shape[1] - 1, 1);
        // Cells up to and including the target's lower edge; the next one has positive weight because the sum grows there. Never all of
        // them: the last is the total.
        return ((cumulative <= target).sum(-1, keepdim: true), cumulative, target);
    }

    /// <summary>The smallest divisor of the vocabulary not below its square root: the whole vocabulary when that is prime.</summary>
    private static long BlockWidth(long vocabulary)
    {
        for (var width = (long)Math.Ceiling(Math.Sqrt(vocabulary)); width < vocabulary; width++)
        {
            if (vocabulary % width == 0) return width;
        }
        return vocabulary;
    }
}
