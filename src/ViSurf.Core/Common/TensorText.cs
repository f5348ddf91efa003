using static TorchSharp.torch;

namespace ViSurf.Core.Common;

/// <summary>dtypes and shapes as messages and checkpoints spell them: <c>Float32 [64, 32]</c>.</summary>
internal static class TensorText
{
    /// <summary>dtype and shape of a tensor.</summary>
    public static string Of(Tensor tensor) => Of(tensor.dtype, tensor.shape);

    /// <summary>dtype and shape of a tensor that is not there yet.</summary>
    public static string Of(ScalarType type, IEnumerable<long> shape) => $"{type} {Shape(shape)}";

    /// <summary>The shape alone.</summary>
    public static string Shape(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
