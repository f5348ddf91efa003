using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Kernels;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>
/// RMS norm, forward and backward, of contiguous rows: in loops of our own where the processor has them, by libtorch otherwise.
/// </summary>
internal static class RmsMath
{
    /// <summary>
    /// Whether a layer's gradient is written out: on the CPU, where stream and weights have one dtype. All else is recorded by autograd.
    /// </summary>
    public static bool Takes(Tensor x, Tensor weight)
        => CustomAutograd.IsSupported && x.device_type == DeviceType.CPU && x.dtype == weight.dtype
            && x.dtype is ScalarType.Float32 or ScalarType.Float64 && x.is_contiguous();

    /// <summary>x / rms(x) · w, and the factor 1 / rms of every row.</summary>
    public static (Tensor Y, Tensor Scales) Of(Tensor x, Tensor weight, double epsilon)
    {
        if (HostMemory.Takes(x)) return HostNorm.Of(x, weight, epsilon);
        var scales = (x * x).mean([-1], keepdim: true).PlusInPlace(epsilon).rsqrt_();
        return (Again(x, weight, scales), scales);
    }

    /// <summary>x / rms(x) · w from factors that are known, the same bits.</summary>
    public static Tensor Again(Tensor x, Tensor weight, Tensor scales)
        => HostMemory.Takes(x) ? HostNorm.Again(x, weight, scales) : (x * scales).mul_(weight);

    /// <summary>The gradient of x, plus <paramref name="residual"/>; adds that of the weight where it trains.</summary>
    /// <param name="dy">The gradient of the value, contiguous.</param>
    /// <param name="x">The rows.</param>
    /// <param name="weight">w.</param>
    /// <param name="scales">From <see cref="Of"/>.</param>
    /// <param name="residual">What is added, contiguous; null for nothing.</param>
    /// <param name="inPlace">Whether <paramref name="dy"/> may be written over.</param>
    public static Tensor Gradient(Tensor dy, Tensor x, Tensor weight, Tensor scales, Tensor? residual = null, bool inPlace = false)
    {
        if (HostMemory.Takes(x))
        {
            var target = inPlace ? dy : empty_like(dy);
            var sum = HostNorm.Gradient(dy, target, x, weight, scales, residual, weight.requires_grad);
            ClosedForm.Add(weight, () => sum!);
            return target;
        }
        var normed = x * scales;
        ClosedForm.Add(weight, () => (dy * normed).reshape(-1, weight.shape[0]).sum([0L]));
        var through = dy * weight;
        var dx = (through - normed * (through * normed).mean([-1], keepdim: true)).mul_(scales);
        return residual is null ? dx : dx.PlusInPlace(residual, 1);
    }
}
