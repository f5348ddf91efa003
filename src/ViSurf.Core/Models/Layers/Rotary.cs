using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Layers;

/// <summary>Rotary position embedding in the "rotate half" layout.</summary>
internal static class Rotary
{
    /// <summary>θ^(−2i/dim) for i = 0 … dim/2 − 1, float32 on the CPU, as transformers computes it.</summary>
    public static float[] InverseFrequencies(int dim, double theta)
        => Enumerable.Range(0, dim / 2).Select(i => (float)(1.0 / Math.Pow(theta, 2.0 * i / dim))).ToArray();

    /// <summary>x·cos + rotate_half(x)·sin in the dtype of the tables (float32), cast back to that of x.</summary>
    public static Tensor Apply(Tensor x, Tensor cos, Tensor sin)
    {
        using var scope = NewDisposeScope();
        var wide = x.to_type(cos.dtype);
        var halves = wide.chunk(2, -1);
        var rotated = cat([-halves[1], halves[0]], -1);
        return (wide * cos).Plus(rotated * sin).to_type(x.dtype).MoveToOuterDisposeScope();
    }
}
