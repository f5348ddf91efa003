using ViSurf.Core.Common;
using ViSurf.Core.Common.Aten;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>
/// Rounding to bfloat16 that is right on average: a number goes to one of its two neighbours, to the nearer one more often (Gupta et al.,
/// 2015; for training in bfloat16 alone Zamirai et al., 2020). Needed where a stored number moves by less than half the spacing of
/// bfloat16, 1/256 of itself at most, and rounded to nearest would not move at all.
/// </summary>
internal static class StochasticRounding
{
    /// <param name="x">float32 or float64, finite.</param>
    /// <param name="random">On the device of <paramref name="x"/>.</param>
    /// <returns>bfloat16 of the same shape; what bfloat16 holds exactly, zero included, stays as it is.</returns>
    public static Tensor ToBFloat16(Tensor x, DeviceRandom random)
    {
        using var scope = NewDisposeScope();
        var near = x.to_type(ScalarType.BFloat16);
        var error = x.sub(near.to_type(x.dtype));
        var up = near.Filled(double.PositiveInfinity);
        var far = near.nextafter(where(error.IsAbove(0), up, up.neg()));
        var gap = far.to_type(x.dtype).sub(near.to_type(x.dtype));
        var draws = random.Uniform(x.shape, x.dtype);
        return where(draws.lt(error / gap), far, near).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The same distribution in four operators: a number is the sum of its upper 16 bits, which are a bfloat16, and its lower 16, which
    /// carry into them as often as they are large when 16 random bits are added.
    /// </summary>
    /// <param name="target">bfloat16, contiguous.</param>
    /// <param name="x">float32 of the same shape, contiguous. What is not finite becomes NaN.</param>
    /// <param name="random">On their device.</param>
    public static void Into(Tensor target, Tensor x, DeviceRandom random)
    {
        using var scope = NewDisposeScope();
        var bits = random.Integers([x.numel()], 1 << 16).PlusIntegersInPlace(x.view(-1).Bits(ScalarType.Int32));
        // Little-endian: of each pair of halves the second is the upper one.
        target.view(-1).Bits(ScalarType.Int16).copy_(bits.Bits(ScalarType.Int16).view(-1, 2).select(1, 1));
        // A carry out of NaN would be a number.
        target.PlusInPlace(x, 0);
    }
}
