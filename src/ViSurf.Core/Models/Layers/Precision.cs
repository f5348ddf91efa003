using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>Where half precision would not do: the residual stream, norms' statistics, rotary tables.</summary>
internal static class Precision
{
    /// <summary>In float32; float64 stays as it is. Without a copy when nothing changes.</summary>
    public static Tensor Wide(this Tensor x) => x.to_type(x.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32);

    /// <summary>
    /// stream + branch, in the stream's dtype. Written over the branch where that has the dtype: it is what a linear layer has just
    /// returned, which no gradient needs.
    /// </summary>
    public static Tensor AddedTo(this Tensor branch, Tensor stream)
        => branch.dtype == stream.dtype ? branch.PlusInPlace(stream, 1) : stream.Plus(branch);
}
