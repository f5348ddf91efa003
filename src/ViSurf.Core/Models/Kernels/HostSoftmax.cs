using static TorchSharp.torch;

namespace ViSurf.Core.Models.Kernels;

/// <summary>
/// Log-probabilities of chosen tokens from logits in host memory, forward and backward in one pass each. Contiguous float32.
/// </summary>
internal static unsafe class HostSoftmax
{
    /// <summary>Log-probability of the chosen token, logarithm of the sum of exp(z / T), and entropy of every row.</summary>
    /// <param name="logits">z, [M, V].</param>
    /// <param name="ids">int64 [M].</param>
    /// <param name="temperature">T.</param>
    /// <returns>[3, M].</returns>
    public static Tensor Moments(Tensor logits, Tensor ids, double temperature)
    {
        var moments = empty([3, logits.shape[0]], ScalarType.Float32, CPU);
        Run(new SoftmaxRows(logits, ids, temperature, moments, null), logits, ids, moments);
        return moments;
    }

    /// <summary>Writes the gradient of the logits over them.</summary>
    /// <param name="logits">z, [M, V].</param>
    /// <param name="ids">int64 [M].</param>
    /// <param name="temperature">T.</param>
    /// <param name="moments">From <see cref="Moments"/>.</param>
    /// <param name="gradient">[2, M]: of log-probability and entropy.</param>
    public static void Gradient(Tensor logits, Tensor ids, double temperature, Tensor moments, Tensor gradient)
        => Run(new SoftmaxRows(logits, ids, temperature, moments, gradient), logits, ids, moments, gradient);

    private static void Run(SoftmaxRows work, params Tensor[] used)
    {
        if (used[0].numel() > 0) new BlockLoop<SoftmaxRows>(work).Run(get_num_threads());
        GC.KeepAlive(used);
    }
}

/// <summary>Some rows at a time.</summary>
internal readonly unsafe struct SoftmaxRows(Tensor logits, Tensor ids, double temperature, Tensor moments, Tensor? gradient) : IBlockWork
{
    private readonly float* _logits = HostMemory.Start(logits), _moments = HostMemory.Start(moments);
    private readonly float* _gradient = gradient is null ? null : HostMemory.Start(gradient);
    private readonly long* _ids = HostMemory.Indices(ids);
    private readonly float _inverse = (float)(1 / temperature);
    private readonly long _count = ids.numel();
    private readonly RowBlocks _rows = new(logits);

    public int Blocks => _rows.Count;

    public void Do(int block)
    {
        for (var row = _rows.First(block); row < _rows.First(block + 1); row++)
        {
            var z = _logits + row * _rows.Size;
            if (_gradient is not null)
            {
                SoftmaxKernel.Gradient(z, _rows.Size, (int)_ids[row], _inverse,
                    _moments[_count + row], _moments[2 * _count + row], _gradient[row], _gradient[_count + row]);
                continue;
            }
            var (logSum, entropy) = SoftmaxKernel.Moments(z, _rows.Size, _inverse);
            _moments[row] = (float)((double)z[_ids[row]] * _inverse - logSum);
            _moments[_count + row] = (float)logSum;
            _moments[2 * _count + row] = (float)entropy;
        }
    }
}
