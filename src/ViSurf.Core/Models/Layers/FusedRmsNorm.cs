using ViSurf.Core.Common.Aten;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>libtorch's <c>_fused_rms_norm</c>: one kernel on CUDA where <see cref="RmsNorm"/> takes seven. Has a gradient.</summary>
internal static class FusedRmsNorm
{
    private static readonly AtenOperator Operator
        = new("_fused_rms_norm", "", "_ZN2at4_ops15_fused_rms_norm4callERKNS_6TensorEN3c108ArrayRefIlEERKSt8optionalIS2_ES8_IdE");

    /// <summary>Whether the libtorch that runs has it.</summary>
    public static bool IsAvailable => Operator.IsAvailable;

    /// <summary>x / rms(x) · w over the last dimension, and the factor 1 / rms(x).</summary>
    /// <param name="x">[.., H], contiguous: it is copied otherwise.</param>
    /// <param name="weight">[H], of the dtype of x; null for 1.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <returns>In the dtype of x, and [.., 1] in float32 (float64 for float64): sums are made in that, whatever x is.</returns>
    public static (Tensor Normed, Tensor Scale) Of(Tensor x, Tensor? weight, double epsilon)
        => Operator.CallForTwo(
            AtenArgument.Of(x), AtenArgument.Of([x.shape[^1]]), AtenArgument.Optional(weight), AtenArgument.Optional(epsilon));
}
