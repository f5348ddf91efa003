using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace ViSurf.Core.Common;

/// <summary>Shape and dtype checks with one message format for the whole library.</summary>
public static class TensorGuard
{
    /// <summary>Checks dtype and shape and returns the tensor.</summary>
    /// <param name="tensor">The tensor to check.</param>
    /// <param name="type">The dtype it must have; null accepts any.</param>
    /// <param name="shape">The shape it must have; −1 accepts any size in that place.</param>
    /// <param name="name">Filled in by the compiler: the argument's own text.</param>
    /// <exception cref="ArgumentException">Dtype or shape differ; the message says expected and actual.</exception>
    public static Tensor Shape(Tensor tensor, ScalarType? type, ReadOnlySpan<long> shape,
        [CallerArgumentExpression(nameof(tensor))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(tensor, name);
        var fits = tensor.dim() == shape.Length && (type is null || tensor.dtype == type);
        for (var i = 0; fits && i < shape.Length; i++) fits = shape[i] < 0 || tensor.shape[i] == shape[i];
        if (fits) return tensor;
        var expected = string.Join(", ", shape.ToArray().Select(n => n < 0 ? "*" : n.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        throw new ArgumentException(
            $"Expected {name} to be {type?.ToString() ?? "any dtype"} [{expected}], got {TensorText.Of(tensor)}.", name);
    }
}
