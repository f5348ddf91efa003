using System.Buffers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Kernels;

/// <summary>
/// x Wᵀ for the few rows of a decoding step, on a CPU. MKL first copies the weights into an order of its own, which for so few rows
/// costs more than the product: here they are read once, as they lie. docs/benchmarks.md has the numbers.
/// </summary>
/// <remarks>
/// For decoding only: scores without gradient are to be those with gradient bit for bit, so that the ratio of a policy to itself is 1.
/// A row's result does not depend on how many other rows there are, nor on the number of threads.
/// </remarks>
internal static unsafe class FewRowsProduct
{
    /// <summary>From here on libtorch is as fast.</summary>
    public const int MostRows = 128;

    /// <summary>x Wᵀ, by libtorch where it cannot be made here.</summary>
    /// <param name="x">[.., K].</param>
    /// <param name="weight">[N, K].</param>
    /// <returns>[.., N].</returns>
    public static Tensor Linear(Tensor x, Tensor weight) => Takes(x, weight) ? Of(x, weight) : nn.functional.linear(x, weight);

    /// <summary>Whether the product can be made here: without gradient, of matrices that fit, all of it float32 in host memory.</summary>
    /// <param name="x">[M, K].</param>
    /// <param name="weight">[N, K].</param>
    public static bool Takes(Tensor x, Tensor weight)
        => !is_grad_enabled() && HostMemory.Takes(x) && HostMemory.Takes(weight)
            && x.dim() == 2 && x.shape[0] is > 0 and <= MostRows && x.shape[1] > 0
            && weight.dim() == 2 && weight.shape[1] == x.shape[1] && weight.is_contiguous();

    /// <summary>x Wᵀ.</summary>
    /// <param name="x">float32 [M, K].</param>
    /// <param name="weight">float32 [N, K], contiguous.</param>
    /// <returns>float32 [M, N].</returns>
    public static Tensor Of(Tensor x, Tensor weight)
    {
        using var scope = NewDisposeScope();
        var (rows, inputs, outputs) = ((int)x.shape[0], (int)x.shape[1], (int)weight.shape[0]);
        var y = empty([rows, outputs], ScalarType.Float32, CPU);
        var panels = (rows + FewRowsKernel.Panel - 1) / FewRowsKernel.Panel;
        var rent = ArrayPool<float>.Shared.Rent(panels * FewRowsKernel.Panel * inputs + FewRowsKernel.Panel);
        try
        {
            fixed (float* start = rent)
            {
                // To whole cache lines: a row of a panel is one.
                var packed = (float*)(((nint)start + 63) & ~63);
                var source = HostMemory.Start(x.contiguous());
                for (var p = 0; p < panels; p++)
                {
                    var place = (long)p * FewRowsKernel.Panel * inputs;
                    FewRowsKernel.Pack(source + place, packed + place, Math.Min(FewRowsKernel.Panel, rows - p * FewRowsKernel.Panel), inputs);
                }
                var columns = new FewRowsColumns(packed, HostMemory.Start(weight), HostMemory.Start(y), (rows, inputs, outputs));
                new BlockLoop<FewRowsColumns>(columns).Run(get_num_threads());
                GC.KeepAlive(weight);
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rent);
        }
        return y.MoveToOuterDisposeScope();
    }
}

/// <summary>Some columns of the product at a time.</summary>
internal readonly unsafe struct FewRowsColumns : IBlockWork
{
    /// <summary>Weights of a block, 128 KiB: some microseconds of work, so that sharing costs little beside it.</summary>
    private const int BlockWeights = 32 * 1024;

    /// <summary>Panels of columns in a block at least: what is fetched ahead lies mostly in the same block.</summary>
    private const int FewestPanels = 4;
    private readonly float* _packed, _weights, _target;
    private readonly (int Rows, int Inputs, int Outputs) _size;
    private readonly int _width;

    /// <param name="packed">The rows, see <see cref="FewRowsKernel.Pack"/>.</param>
    /// <param name="weights">[outputs, inputs].</param>
    /// <param name="target">[rows, outputs].</param>
    /// <param name="size">Of the product.</param>
    public FewRowsColumns(float* packed, float* weights, float* target, (int Rows, int Inputs, int Outputs) size)
    {
        _packed = packed;
        _weights = weights;
        _target = target;
        _size = size;
        _width = Math.Max(FewestPanels, BlockWeights / size.Inputs / FewRowsKernel.Columns) * FewRowsKernel.Columns;
        Blocks = (size.Outputs + _width - 1) / _width;
    }

    public int Blocks { get; }

    public void Do(int block)
        => FewRowsKernel.Run(_packed, _weights, _target, _size, block * _width, Math.Min(_size.Outputs, (block + 1) * _width));
}
