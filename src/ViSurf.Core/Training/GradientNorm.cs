using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>The 2-norm of many gradients together, in float32 (float64 where one is), on their device.</summary>
internal static class GradientNorm
{
    /// <summary>Gradients from here on are not copied to be joined with others: 8 MiB in float32.</summary>
    private const long Large = TensorParts.Elements / 8;

    /// <summary>Two small operators a gradient.</summary>
    /// <param name="gradients">Of any shapes; none have the norm 0.</param>
    /// <param name="device">Where they are.</param>
    public static Tensor OfEach(IEnumerable<Tensor> gradients, Device device)
    {
        using var scope = NewDisposeScope();
        var squares = new List<Tensor>();
        foreach (var gradient in gradients)
        {
            // Piece by piece: the float32 copies of all bfloat16 gradients at once would be twice the model.
            var parts = TensorParts.Of(gradient);
            for (var i = 0; i < parts.Count; i++) squares.Add(Square(parts.View(gradient, i).reshape(-1)));
        }
        return Root(squares, device);
    }

    /// <summary>Small gradients joined, so that a thousand of them are a few operators.</summary>
    /// <inheritdoc cref="OfEach"/>
    public static Tensor OfJoined(IEnumerable<Tensor> gradients, Device device)
    {
        using var scope = NewDisposeScope();
        var squares = new List<Tensor>();
        foreach (var same in gradients.GroupBy(gradient => gradient.dtype))
        {
            var (joined, size) = (new List<Tensor>(), 0L);
            foreach (var gradient in same)
            {
                var parts = TensorParts.Of(gradient);
                for (var i = 0; i < parts.Count; i++)
                {
                    var flat = parts.View(gradient, i).reshape(-1);
                    if (flat.shape[0] >= Large)
                    {
                        squares.Add(Square(flat));
                        continue;
                    }
                    if (size + flat.shape[0] > TensorParts.Elements) Close();
                    joined.Add(flat);
                    size += flat.shape[0];
                }
            }
            Close();

            void Close()
            {
                if (joined.Count > 0) squares.Add(Square(joined.Count == 1 ? joined[0] : cat(joined, 0)));
                (joined, size) = ([], 0);
            }
        }
        return Root(squares, device);
    }

    private static Tensor Root(List<Tensor> squares, Device device)
        => (squares.Count == 0 ? zeros([], device: device) : stack(squares).sum().sqrt()).MoveToOuterDisposeScope();

    private static Tensor Square(Tensor flat)
    {
        using var scope = NewDisposeScope();
        var wide = flat.to(flat.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32);
        return wide.dot(wide).MoveToOuterDisposeScope();
    }
}
