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
    /// <param name="x">[M, heads, d].</param>
    /// <param name="tables">Of the same M rows.</param>
    public static Tensor Apply(Tensor x, RotaryTables tables)
    {
        using var scope = NewDisposeScope();
        var wide = x.to_type(tables.Cos.dtype);
        // Rotate-half is a roll whose first half changes its sign: the table has the sign, so that it costs no pass.
        var rolled = wide.roll(wide.shape[^1] / 2, -1);
        return (wide * tables.Cos).PlusProductInPlace(rolled, tables.Sin, 1).to_type(x.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>The same of queries and keys of the same rows, at once: views of one tensor.</summary>
    /// <param name="query">[M, heads, d].</param>
    /// <param name="key">[M, key-value heads, d].</param>
    /// <param name="tables">Of the M rows.</param>
    public static (Tensor Query, Tensor Key) ApplyTogether(Tensor query, Tensor key, RotaryTables tables)
    {
        using var scope = NewDisposeScope();
        var parts = Apply(cat([query, key], 1), tables).split([query.shape[1], key.shape[1]], 1);
        return (parts[0].MoveToOuterDisposeScope(), parts[1].MoveToOuterDisposeScope());
    }
}

/// <summary>Cosine and sine of every row's angles. Owns its tensors.</summary>
/// <param name="Cos">float32 [M, 1, d].</param>
/// <param name="Sin">float32 [M, 1, d], negative in its first half.</param>
internal sealed record RotaryTables(Tensor Cos, Tensor Sin) : IDisposable
{
    /// <summary>Tables in no dispose scope.</summary>
    /// <param name="angles">float32 [M, d/2]; the second half of a head turns by the same angles.</param>
    public static RotaryTables Of(Tensor angles)
    {
        using var scope = NewDisposeScope();
        var (cos, sin) = (angles.cos(), angles.sin());
        return new RotaryTables(
            cat([cos, cos], -1).unsqueeze(1).DetachFromDisposeScope(), cat([sin.neg(), sin], -1).unsqueeze(1).DetachFromDisposeScope());
    }

    /// <summary>The tables of some rows.</summary>
    /// <param name="rows">int64 [R].</param>
    public RotaryTables Rows(Tensor rows)
        => new(Cos.index_select(0, rows).DetachFromDisposeScope(), Sin.index_select(0, rows).DetachFromDisposeScope());

    public void Dispose()
    {
        Cos.Dispose();
        Sin.Dispose();
    }
}
