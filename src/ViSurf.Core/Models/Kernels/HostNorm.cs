using static TorchSharp.torch;

namespace ViSurf.Core.Models.Kernels;

/// <summary>RMS norms in host memory, forward and backward in one pass each. All tensors are contiguous float32.</summary>
internal static unsafe class HostNorm
{
    /// <summary>1 / √(mean(x²) + ε) of every row, and what comes of it.</summary>
    /// <param name="x">[.., H].</param>
    /// <param name="weight">[H].</param>
    /// <param name="epsilon">ε.</param>
    /// <returns>Normed rows [.., H] and their scales [M].</returns>
    public static (Tensor Y, Tensor Scales) Of(Tensor x, Tensor weight, double epsilon)
    {
        var scales = empty([Rows(x)], ScalarType.Float32, CPU);
        return (Run(x, weight, scales, epsilon), scales);
    }

    /// <summary>The same once more, from scales that are known.</summary>
    public static Tensor Again(Tensor x, Tensor weight, Tensor scales) => Run(x, weight, scales, null);

    /// <summary>The gradients of x, plus <paramref name="residual"/>, and of the weight.</summary>
    /// <param name="dy">[.., H], that of the value.</param>
    /// <param name="dx">[.., H], written; may be <paramref name="dy"/>.</param>
    /// <param name="x">[.., H].</param>
    /// <param name="weight">[H].</param>
    /// <param name="scales">[M].</param>
    /// <param name="residual">[.., H], or null.</param>
    /// <param name="wantsWeight">Whether the weight's gradient is asked for.</param>
    /// <returns>The gradient of the weight, [H], or null.</returns>
    public static Tensor? Gradient(Tensor dy, Tensor dx, Tensor x, Tensor weight, Tensor scales, Tensor? residual, bool wantsWeight)
    {
        // Each block of rows has a sum of its own, so that the number of threads does not change the result.
        var sums = wantsWeight ? zeros([new RowBlocks(x).Count, x.shape[^1]], ScalarType.Float32, CPU) : null;
        if (x.numel() > 0)
        {
            var rows = new NormGradientRows((dy, dx), x, weight, scales, residual, sums);
            new BlockLoop<NormGradientRows>(rows).Run(get_num_threads());
        }
        foreach (var used in new[] { dy, dx, x, weight, scales, residual, sums }) GC.KeepAlive(used);
        return sums?.sum([0L]);
    }

    private static Tensor Run(Tensor x, Tensor weight, Tensor scales, double? epsilon)
    {
        var y = empty(x.shape, ScalarType.Float32, CPU);
        if (y.numel() > 0) new BlockLoop<NormRows>(new NormRows(x, weight, scales, y, epsilon)).Run(get_num_threads());
        foreach (var used in new[] { x, weight, scales }) GC.KeepAlive(used);
        return y;
    }

    private static long Rows(Tensor x) => x.numel() / Math.Max(1, x.shape[^1]);
}

/// <summary>Some rows at a time.</summary>
/// <param name="x">[.., H].</param>
/// <param name="weight">[H].</param>
/// <param name="scales">[M], written unless ε is null.</param>
/// <param name="y">[.., H], written.</param>
/// <param name="epsilon">ε, or null when the scales are known.</param>
internal readonly unsafe struct NormRows(Tensor x, Tensor weight, Tensor scales, Tensor y, double? epsilon) : IBlockWork
{
    private readonly float* _x = HostMemory.Start(x), _y = HostMemory.Start(y);
    private readonly float* _weight = HostMemory.Start(weight), _scales = HostMemory.Start(scales);
    private readonly RowBlocks _rows = new(x);
    private readonly double? _epsilon = epsilon;

    public int Blocks => _rows.Count;

    public void Do(int block)
    {
        for (var row = _rows.First(block); row < _rows.First(block + 1); row++)
        {
            var at = row * _rows.Size;
            if (_epsilon is { } epsilon) _scales[row] = NormKernel.Scale(_x + at, _rows.Size, epsilon);
            NormKernel.Apply(_x + at, _scales[row], _weight, _y + at, _rows.Size);
        }
    }
}

/// <summary>Some rows' gradients at a time.</summary>
/// <param name="gradients">[.., H], of y, read, and of x, written; may be one tensor.</param>
/// <param name="x">[.., H].</param>
/// <param name="weight">[H].</param>
/// <param name="scales">[M].</param>
/// <param name="residual">[.., H], added; null for nothing.</param>
/// <param name="sums">[blocks, H], zeros, to which each block adds its part of the weight's gradient; null: not asked for.</param>
internal readonly unsafe struct NormGradientRows(
    (Tensor Of, Tensor To) gradients, Tensor x, Tensor weight, Tensor scales, Tensor? residual, Tensor? sums) : IBlockWork
{
    private readonly float* _dy = HostMemory.Start(gradients.Of), _dx = HostMemory.Start(gradients.To), _x = HostMemory.Start(x);
    private readonly float* _weight = HostMemory.Start(weight), _scales = HostMemory.Start(scales);
    private readonly float* _residual = residual is null ? null : HostMemory.Start(residual);
    private readonly float* _sums = sums is null ? null : HostMemory.Start(sums);
    private readonly RowBlocks _rows = new(x);

    public int Blocks => _rows.Count;

    public void Do(int block)
    {
        for (var row = _rows.First(block); row < _rows.First(block + 1); row++)
        {
            var at = row * _rows.Size;
            NormKernel.Gradient(_dy + at, _dx + at, _x + at, _scales[row], _weight, _residual is null ? null : _residual + at,
                _sums is null ? null : _sums + (long)block * _rows.Size, _rows.Size);
        }
    }
}

/// <summary>Rows cut into blocks of some 32,000 numbers: work enough that sharing costs little beside it.</summary>
internal readonly struct RowBlocks
{
    private const int Numbers = 1 << 15;
    private readonly long _rows, _each;

    /// <param name="x">[.., size].</param>
    public RowBlocks(Tensor x)
    {
        Size = (int)x.shape[^1];
        (_rows, _each) = (x.numel() / Math.Max(1, Size), Math.Max(1, Numbers / Math.Max(1, Size)));
        Count = (int)((_rows + _each - 1) / _each);
    }

    /// <summary>Numbers of a row.</summary>
    public int Size { get; }

    /// <summary>How many blocks there are.</summary>
    public int Count { get; }

    /// <summary>The first row of a block; of the one after the last, the number of rows.</summary>
    public long First(int block) => Math.Min(_rows, block * _each);
}
