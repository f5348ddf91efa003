using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>
/// A large tensor in pieces of neighbouring rows, so that temporary copies are no larger than a piece: those of an embedding with half a
/// billion numbers would be gigabytes. Any strides will do.
/// </summary>
internal readonly struct TensorParts
{
    /// <summary>Numbers of a piece: 64 MiB in float32, large enough for a device to run at full rate.</summary>
    public const long Elements = 1L << 24;

    private readonly long _rows, _rowsOfPart;

    private TensorParts(long rows, long rowsOfPart) => (_rows, _rowsOfPart) = (rows, rowsOfPart);

    public int Count => _rowsOfPart == 0 ? 1 : (int)((_rows + _rowsOfPart - 1) / _rowsOfPart);

    public static TensorParts Of(Tensor tensor, long elements = Elements)
        => tensor.numel() <= elements || tensor.dim() == 0 ? new(0, 0) : new(tensor.shape[0], Math.Max(1, elements * tensor.shape[0] / tensor.numel()));

    /// <summary>A view of piece <paramref name="index"/> of any tensor with the same first dimension.</summary>
    public Tensor View(Tensor tensor, int index)
        => _rowsOfPart == 0 ? tensor.alias() : tensor.narrow(0, index * _rowsOfPart, Math.Min(_rowsOfPart, _rows - index * _rowsOfPart));
}
