using static TorchSharp.torch;

namespace ViSurf.Core.Common.Aten;

/// <summary>The memory of a tensor, read as numbers of another dtype: <c>Tensor.view(dtype)</c>.</summary>
internal static class TensorBits
{
    private static readonly AtenOperator View = new("view", "dtype", "_ZN2at4_ops10view_dtype4callERKNS_6TensorEN3c1010ScalarTypeE");

    /// <summary>Whether the libtorch that runs can do it.</summary>
    public static bool IsAvailable => View.IsAvailable;

    /// <summary>A view; numbers of half the size are twice as many in the last dimension.</summary>
    /// <param name="x">Contiguous.</param>
    /// <param name="type">Of the view. TorchSharp's numbers of dtypes are libtorch's.</param>
    public static Tensor Bits(this Tensor x, ScalarType type) => View.Call(AtenArgument.Of(x), AtenArgument.Of((long)type));
}
