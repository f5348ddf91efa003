using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// How far apart two ways through the same mathematics may be. A test states its own limit, which is what holds on the CPU. On another
/// device it is no less than the row of its dtype here. The rows are bounds from arithmetic; nobody has measured them on a GPU yet.
/// </summary>
internal static class Tolerance
{
    private static readonly Dictionary<ScalarType, double> Elsewhere = new()
    {
        // Spacing 2⁻⁵²: sums of some thousand terms in any order.
        [ScalarType.Float64] = 1e-11,
        // Spacing 2⁻²³. Kernels for one row and for many add in other orders, blocks of a sum are added by whichever comes first, exp and
        // tanh are their own, and errors pass through some ten layers: ten times the CPU's 1e-5. Products stay float32: TF32 is off.
        [ScalarType.Float32] = 1e-4,
        // Spacing 2⁻⁷: the same, each product rounded; 2⁻⁵ is four roundings.
        [ScalarType.BFloat16] = 0.03125,
    };

    /// <summary>The limit to compare with, absolute or relative as the test means it.</summary>
    /// <param name="onCpu">What holds on the CPU.</param>
    /// <param name="type">In which the compared numbers were computed.</param>
    public static float Of(float onCpu, ScalarType type = ScalarType.Float32) => TestDevice.IsCpu ? onCpu : Math.Max(onCpu, (float)Elsewhere[type]);
}
