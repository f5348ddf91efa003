using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ViSurf.Core.Models.Kernels;

/// <summary>Rows of logits, one at a time, while a near cache holds them. Eight numbers side by side.</summary>
internal static unsafe class SoftmaxKernel
{
    /// <summary>Numbers that are summed in single precision before they join a sum in double.</summary>
    private const int Piece = 1024, Lane = 8;

    /// <summary>Logarithm of the sum of exp(z / T), and the entropy of that distribution in nats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double LogSum, double Entropy) Moments(float* z, int size, float inverseTemperature)
    {
        var top = AttentionKernel.Largest(z, size);
        var (less, by) = (Vector256.Create(top), Vector256.Create(inverseTemperature));
        double sum = 0, mean = 0;
        for (var from = 0; from < size; from += Piece)
        {
            var (i, end) = (from, Math.Min(size, from + Piece));
            var (weights, weighted) = (Vector256<float>.Zero, Vector256<float>.Zero);
            for (; i + Lane <= end; i += Lane)
            {
                var exponent = Bounded((Vector256.Load(z + i) - less) * by);
                var weight = Vector256.Exp(exponent);
                weights += weight;
                weighted = Vector256.FusedMultiplyAdd(weight, exponent, weighted);
            }
            sum += Vector256.Sum(weights);
            mean += Vector256.Sum(weighted);
            for (; i < end; i++)
            {
                var exponent = Math.Max(Lowest, (z[i] - top) * inverseTemperature);
                var weight = MathF.Exp(exponent);
                sum += weight;
                mean += weight * exponent;
            }
        }
        return ((double)top * inverseTemperature + Math.Log(sum), Math.Log(sum) - mean / sum);
    }

    /// <summary>
    /// Writes the gradient of a row over it: of log p(id), pulled by g, and of the entropy, pulled by e. With l = z / T − log sum and
    /// p = exp l it is (g · (1[id] − p) − e · p · (l + entropy)) / T.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(float* z, int size, int id, float inverseTemperature, float logSum, float entropy, float g, float e)
    {
        var (by, less, plus) = (Vector256.Create(inverseTemperature), Vector256.Create(logSum), Vector256.Create(entropy));
        var (pull, pullEntropy) = (Vector256.Create(-g * inverseTemperature), Vector256.Create(-e * inverseTemperature));
        var i = 0;
        for (; i + Lane <= size; i += Lane)
        {
            var log = Bounded(Vector256.Load(z + i) * by - less);
            (Vector256.Exp(log) * Vector256.FusedMultiplyAdd(pullEntropy, log + plus, pull)).Store(z + i);
        }
        for (; i < size; i++)
        {
            var log = Math.Max(Lowest, z[i] * inverseTemperature - logSum);
            z[i] = MathF.Exp(log) * (-g - e * (log + entropy)) * inverseTemperature;
        }
        z[id] += g * inverseTemperature;
    }

    /// <summary>Its exponential is 0, and times 0 it is 0, which −∞, a suppressed token's, is not.</summary>
    private const float Lowest = -1e30f;

    /// <summary>What is not a number stays so.</summary>
    private static Vector256<float> Bounded(Vector256<float> x) => Vector256.Max(x, Vector256.Create(Lowest));
}
