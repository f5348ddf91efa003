using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Objectives;

/// <summary>
/// Sums over valid tokens. Padding is selected away, never multiplied by zero: a NaN there would survive the product and its gradient.
/// </summary>
public static class MaskedReduce
{
    /// <summary>Replaces padding by 0. Do this before any arithmetic, so that neither values nor gradients meet what is in the padding.</summary>
    /// <param name="values">Floating point [N, T].</param>
    /// <param name="mask">bool [N, T]; false where padded.</param>
    public static Tensor Fill(Tensor values, Tensor mask) => where(mask, values, zeros([], values.dtype, values.device));

    /// <summary>Sum over all valid tokens: a scalar.</summary>
    /// <param name="values">Floating point [N, T].</param>
    /// <param name="mask">bool [N, T]; false where padded.</param>
    public static Tensor Sum(Tensor values, Tensor mask) => Fill(values, mask).sum();

    /// <summary>Sum of each row's valid tokens: [N, 1].</summary>
    /// <param name="values">Floating point [N, T].</param>
    /// <param name="mask">bool [N, T]; false where padded.</param>
    public static Tensor RowSums(Tensor values, Tensor mask) => Fill(values, mask).sum(1, keepdim: true);

    /// <summary>Mean of each row's valid tokens: [N, 1]; 0 for a row without any.</summary>
    /// <param name="values">Floating point [N, T].</param>
    /// <param name="mask">bool [N, T]; false where padded.</param>
    public static Tensor RowMeans(Tensor values, Tensor mask) => RowSums(values, mask) / Lengths(mask, values.dtype);

    /// <summary>Valid tokens of each row, at least 1: [N, 1].</summary>
    /// <param name="mask">bool [N, T]; false where padded.</param>
    /// <param name="type">dtype of the result.</param>
    public static Tensor Lengths(Tensor mask, ScalarType type) => mask.sum(1, keepdim: true).AtLeast(1).to(type);
}
