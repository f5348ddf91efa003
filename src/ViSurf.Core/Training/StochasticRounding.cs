using ViSurf.Core.Common;
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
}
