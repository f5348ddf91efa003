using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>Compares matrices of gigabytes in pieces of a few megabytes.</summary>
internal static class PieceByPiece
{
    private const long Piece = 1 << 20;

    /// <summary>Whether two tensors of a checkpoint hold the same numbers, whatever their dtypes.</summary>
    public static bool Same(CheckpointReader checkpoint, string first, string second)
    {
        var count = Count(checkpoint.Entry(first));
        return checkpoint.Entry(first).Shape.SequenceEqual(checkpoint.Entry(second).Shape)
            && All(count, (start, length) => Equal(checkpoint.Read(first, start, length), checkpoint.Read(second, start, length)));
    }

    /// <summary>Whether a file holds a tensor's numbers, as far as the less precise of the two dtypes can say.</summary>
    public static bool Holds(SafeTensorsReader file, string name, Tensor value)
    {
        if (!file.Entries[name].Shape.SequenceEqual(value.shape)) return false;
        using var flat = value.detach().view(-1);
        return All(Count(file.Entries[name]), (start, length) =>
        {
            var (stored, held) = (file.Read(name, start, length), flat.narrow(0, start, length).cpu());
            return Equal(stored.to_type(held.dtype), held) || Equal(stored, held.to_type(stored.dtype));
        });
    }

    private static long Count(TensorEntry entry) => entry.Shape.Aggregate(1L, (product, n) => product * n);

    private static bool All(long count, Func<long, long, bool> same)
    {
        for (long start = 0; start < count; start += Piece)
        {
            using var scope = NewDisposeScope();
            if (!same(start, Math.Min(Piece, count - start))) return false;
        }
        return true;
    }

    // float64 holds every number of the narrower types.
    private static bool Equal(Tensor first, Tensor second)
        => (first.dtype == second.dtype ? first.eq(second)
            : first.to_type(ScalarType.Float64).eq(second.to_type(ScalarType.Float64))).all().item<bool>();
}
