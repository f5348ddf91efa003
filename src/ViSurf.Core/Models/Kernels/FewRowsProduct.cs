using System.Buffers;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Kernels;

/// <summary>
/// x Wᵀ for the few rows of a decoding step, on a CPU. MKL first copies the weights into an order of its own, which for so few rows
/// costs more than the product: here they are read once, as they lie. docs/benchmarks.md has the numbers.
/// </summary>
/// <remarks>A row's result does not depend on how many other rows there are, nor on the number of threads.</remarks>
internal static unsafe class FewRowsProduct
{
    /// <summary>From here on libtorch is as fast.</summary>
    public const int MostRows = 128;

    /// <summary>x Wᵀ, by libtorch where it cannot be made here.</summary>
    /// <param name="x">[.., K].</param>
    /// <param name="weight">[N, K].</param>
    /// <returns>[.., N].</returns>
    public static Tensor Linear(Tensor x, Tensor weight) => Takes(x, weight) ? Of(x, weight) : nn.functional.linear(x, weight);

    /// <summary>Whether the product can be made here: nobody wants a gradient, and all of it is float32 in host memory.</summary>
    /// <param name="x">[M, K].</param>
    /// <param name="weight">[N, K].</param>
    public static bool Takes(Tensor x, Tensor weight)
        => !is_grad_enabled() && HostMemory.Takes(x) && HostMemory.Takes(weight)
            && x.dim() == 2 && x.shape[0] is > 0 and <= MostRows && weight.is_contiguous();

    /// <summary>x Wᵀ.</summary>
    /// <param name="x">float32 [M, K].</param>
    /// <param name="weight">float32 [N, K], contiguous.</param>
    /// <returns>float32 [M, N].</returns>
    public static Tensor Of(Tensor x, Tensor weight)
    {
        using var scope = NewDisposeScope();
        var (rows, inputs, outputs) = ((int)x.shape[0], (int)x.shape[1], (int)weight.shape[0]);
        var y = empty([rows, outputs], ScalarType.Float32);
        var panels = (rows + FewRowsKernel.Panel - 1) / FewRowsKernel.Panel;
        var rent = ArrayPool<float>.Shared.Rent(panels * FewRowsKernel.Panel * inputs);
        try
        {
            fixed (float* packed = rent)
            {
                var source = HostMemory.Start(x.contiguous());
                for (var p = 0; p < panels; p++)
                {
                    FewRowsKernel.Pack(
                        source + (long)p * FewRowsKernel.Panel * inputs, packed + (long)p * FewRowsKernel.Panel * inputs,
                        Math.Min(FewRowsKernel.Panel, rows - p * FewRowsKernel.Panel), inputs);
                }
                new BlockLoop<FewRowsColumns>(new FewRowsColumns(packed, HostMemory.Start(weight), HostMemory.Start(y), (rows, inputs, outputs))).Run(get_num_threads());
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
        _width = Math.Max(1, BlockWeights / size.Inputs / FewRowsKernel.Columns) * FewRowsKernel.Columns;
        Blocks = (size.Outputs + _width - 1) / _width;
    }

    public int Blocks { get; }

    public void Do(int block)
        => FewRowsKernel.Run(_packed, _weights, _target, _size, block * _width, Math.Min(_size.Outputs, (block + 1) * _width));
}
