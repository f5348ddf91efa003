using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Kernels;

/// <summary>
/// SiLU(gate) · up in host memory, forward and backward in one pass each. All tensors are contiguous float32 of one shape.
/// </summary>
internal static unsafe class HostGate
{
    /// <summary>Writes SiLU(gate) · up; <paramref name="product"/> may be one of them.</summary>
    public static void Apply(Tensor gate, Tensor up, Tensor product) => Run(gate, up, null, product);

    /// <summary>Writes the gradients of gate and up over them, and SiLU(gate) · up once more, which the weight behind it needs.</summary>
    /// <param name="gate">Before the SiLU.</param>
    /// <param name="up">What it lets through.</param>
    /// <param name="gradient">Of the product.</param>
    /// <param name="product">Written; may be <paramref name="gradient"/>. Null: not needed.</param>
    public static void Gradient(Tensor gate, Tensor up, Tensor gradient, Tensor? product) => Run(gate, up, gradient, product);

    private static void Run(Tensor gate, Tensor up, Tensor? gradient, Tensor? product)
    {
        if (gate.numel() == 0) return;
        new BlockLoop<GatePieces>(new GatePieces(gate, up, gradient, product)).Run(get_num_threads());
        foreach (var used in new[] { gate, up, gradient, product }) GC.KeepAlive(used);
    }
}

/// <summary>Some numbers at a time, eight of them side by side.</summary>
internal readonly unsafe struct GatePieces(Tensor gate, Tensor up, Tensor? gradient, Tensor? product) : IBlockWork
{
    private const int Piece = 1 << 14, Lane = 8;
    private readonly float* _gate = HostMemory.Start(gate), _up = HostMemory.Start(up);
    private readonly float* _gradient = gradient is null ? null : HostMemory.Start(gradient);
    private readonly float* _product = product is null ? null : HostMemory.Start(product);
    private readonly long _count = gate.numel();

    public int Blocks => (int)((_count + Piece - 1) / Piece);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Do(int block)
    {
        var (i, end) = ((long)block * Piece, Math.Min(_count, (block + 1L) * Piece));
        for (; i + Lane <= end; i += Lane)
        {
            var (gate, up) = (Vector256.Load(_gate + i), Vector256.Load(_up + i));
            var open = Vector256<float>.One / (Vector256<float>.One + Vector256.Exp(-gate));
            var silu = gate * open;
            if (_gradient is not null)
            {
                var through = Vector256.Load(_gradient + i);
                (through * up * open * (Vector256<float>.One + gate * (Vector256<float>.One - open))).Store(_gate + i);
                (through * silu).Store(_up + i);
            }
            if (_product is not null) (silu * up).Store(_product + i);
        }
        for (; i < end; i++)
        {
            var (gate, up) = (_gate[i], _up[i]);
            var open = 1 / (1 + MathF.Exp(-gate));
            var silu = gate * open;
            if (_gradient is not null)
            {
                var through = _gradient[i];
                _gate[i] = through * up * open * (1 + gate * (1 - open));
                _up[i] = through * silu;
            }
            if (_product is not null) _product[i] = silu * up;
        }
    }
}
