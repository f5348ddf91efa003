using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ViSurf.Core.Models.Kernels;

/// <summary>Rows of an RMS norm, each read once or twice while the nearest cache holds it. Eight numbers at a time.</summary>
internal static unsafe class NormKernel
{
    private const int Lane = 8;

    /// <summary>1 / √(mean(x²) + ε).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Scale(float* x, int size, double epsilon)
    {
        var (a, b, c, d) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
        var i = 0;
        for (; i + 4 * Lane <= size; i += 4 * Lane)
        {
            var (p, q, r, s) = (Vector256.Load(x + i), Vector256.Load(x + i + Lane),
                Vector256.Load(x + i + 2 * Lane), Vector256.Load(x + i + 3 * Lane));
            a = Vector256.FusedMultiplyAdd(p, p, a);
            b = Vector256.FusedMultiplyAdd(q, q, b);
            c = Vector256.FusedMultiplyAdd(r, r, c);
            d = Vector256.FusedMultiplyAdd(s, s, d);
        }
        for (; i + Lane <= size; i += Lane)
        {
            var p = Vector256.Load(x + i);
            a = Vector256.FusedMultiplyAdd(p, p, a);
        }
        double sum = Vector256.Sum(a + b + (c + d));
        for (; i < size; i++) sum += x[i] * x[i];
        return (float)(1 / Math.Sqrt(sum / size + epsilon));
    }

    /// <summary>y = x · scale · w.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(float* x, float scale, float* weight, float* y, int size)
    {
        var (by, i) = (Vector256.Create(scale), 0);
        for (; i + Lane <= size; i += Lane) (Vector256.Load(x + i) * by * Vector256.Load(weight + i)).Store(y + i);
        for (; i < size; i++) y[i] = x[i] * scale * weight[i];
    }

    /// <summary>
    /// The gradient of a row: with x̂ = x · scale, dx = scale · (dy · w − x̂ · mean(dy · w · x̂)) + residual, and dw += dy · x̂.
    /// </summary>
    /// <param name="dy">That of the value.</param>
    /// <param name="dx">The result; may be <paramref name="dy"/>.</param>
    /// <param name="x">The row.</param>
    /// <param name="scale">Its <see cref="Scale"/>.</param>
    /// <param name="weight">w.</param>
    /// <param name="residual">What is added; null for nothing.</param>
    /// <param name="dw">Sum over rows; null when nobody asks.</param>
    /// <param name="size">Of the row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(float* dy, float* dx, float* x, float scale, float* weight, float* residual, float* dw, int size)
    {
        var (a, b, by, i) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256.Create(scale), 0);
        for (; i + 2 * Lane <= size; i += 2 * Lane)
        {
            a = Vector256.FusedMultiplyAdd(Vector256.Load(dy + i) * Vector256.Load(weight + i), Vector256.Load(x + i), a);
            b = Vector256.FusedMultiplyAdd(Vector256.Load(dy + i + Lane) * Vector256.Load(weight + i + Lane),
                Vector256.Load(x + i + Lane), b);
        }
        double sum = Vector256.Sum(a + b);
        for (; i < size; i++) sum += dy[i] * weight[i] * x[i];
        var share = (float)(sum / size * scale * scale);
        var less = Vector256.Create(share);
        for (i = 0; i + Lane <= size; i += Lane)
        {
            var (gradient, row) = (Vector256.Load(dy + i), Vector256.Load(x + i));
            if (dw is not null) Vector256.FusedMultiplyAdd(gradient, row * by, Vector256.Load(dw + i)).Store(dw + i);
            var through = (gradient * Vector256.Load(weight + i) - row * less) * by;
            (residual is null ? through : through + Vector256.Load(residual + i)).Store(dx + i);
        }
        for (; i < size; i++)
        {
            if (dw is not null) dw[i] += dy[i] * x[i] * scale;
            dx[i] = (dy[i] * weight[i] - x[i] * share) * scale + (residual is null ? 0 : residual[i]);
        }
    }
}
