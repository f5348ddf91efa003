using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ViSurf.Core.Models.Kernels;

/// <summary>The loops of <see cref="AttentionRow"/>, eight numbers at a time.</summary>
internal static unsafe class AttentionKernel
{
    private const int Lane = 8;

    /// <summary>Queries times keys.</summary>
    /// <param name="queries">[queries, size].</param>
    /// <param name="keys">[keys, size].</param>
    /// <param name="scores">[queries, stride].</param>
    /// <param name="n">Queries, keys, head size.</param>
    /// <param name="stride">Between rows of scores.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(float* queries, float* keys, float* scores, (int Queries, int Keys, int Size) n, int stride)
    {
        var key = 0;
        for (; key + 4 <= n.Keys; key += 4)
            for (var query = 0; query < n.Queries; query += 2)
            {
                // The last of an odd number is made twice.
                var other = Math.Min(query + 1, n.Queries - 1);
                Four(queries + query * n.Size, queries + other * n.Size, keys + (long)key * n.Size, n.Size, scores + query * stride + key, scores + other * stride + key);
            }
        for (; key < n.Keys; key++)
            for (var query = 0; query < n.Queries; query++) scores[query * stride + key] = One(queries + query * n.Size, keys + (long)key * n.Size, n.Size);
    }

    /// <summary>mixed += weights · values.</summary>
    /// <param name="weights">[queries, stride].</param>
    /// <param name="values">[keys, size].</param>
    /// <param name="mixed">[queries, size].</param>
    /// <param name="n">Queries, keys, head size.</param>
    /// <param name="stride">Between rows of weights.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Mix(float* weights, float* values, float* mixed, (int Queries, int Keys, int Size) n, int stride)
    {
        for (var query = 0; query < n.Queries; query++)
        {
            float* weight = weights + query * stride, to = mixed + query * n.Size;
            var at = 0;
            for (; at + 8 * Lane <= n.Size; at += 8 * Lane) Eight(weight, values + at, to + at, n.Keys, n.Size);
            for (; at < n.Size; at += Lane)
            {
                var sum = Vector256.Load(to + at);
                for (var key = 0; key < n.Keys; key++)
                    sum = Vector256.FusedMultiplyAdd(Vector256.Create(weight[key]), Vector256.Load(values + (long)key * n.Size + at), sum);
                sum.Store(to + at);
            }
        }
    }

    /// <summary>The largest; not a number when one is not.</summary>
    public static float Largest(float* x, int count)
    {
        var (best, i) = (Vector256.Create(float.NegativeInfinity), 0);
        for (; i + Lane <= count; i += Lane) best = Vector256.Max(best, Vector256.Load(x + i));
        var top = float.NegativeInfinity;
        for (var lane = 0; lane < Lane; lane++) top = Math.Max(top, best[lane]);
        for (; i < count; i++) top = Math.Max(top, x[i]);
        return top;
    }

    /// <summary>x = exp(x − top) in place.</summary>
    /// <returns>Their sum.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Exponentials(float* x, int count, float top)
    {
        var (sum, less, i) = (Vector256<float>.Zero, Vector256.Create(top), 0);
        for (; i + Lane <= count; i += Lane)
        {
            var weight = Vector256.Exp(Vector256.Load(x + i) - less);
            weight.Store(x + i);
            sum += weight;
        }
        var total = Vector256.Sum(sum);
        for (; i < count; i++) total += x[i] = MathF.Exp(x[i] - top);
        return total;
    }

    /// <summary>x = x · by in place; count is a multiple of 8.</summary>
    public static void Scale(float* x, int count, float by)
    {
        for (var i = 0; i < count; i += Lane) (Vector256.Load(x + i) * by).Store(x + i);
    }

    private static float One(float* query, float* key, int size)
    {
        var sum = Vector256<float>.Zero;
        for (var i = 0; i < size; i += Lane) sum = Vector256.FusedMultiplyAdd(Vector256.Load(query + i), Vector256.Load(key + i), sum);
        return Vector256.Sum(sum);
    }

    /// <summary>Two queries, four keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(float* first, float* second, float* keys, int size, float* firstScores, float* secondScores)
    {
        Vector256<float> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        float* p = keys, q = p + size, r = q + size, s = r + size;
        for (var i = 0; i < size; i += Lane)
        {
            var (x, y) = (Vector256.Load(first + i), Vector256.Load(second + i));
            var key = Vector256.Load(p + i);
            a = Vector256.FusedMultiplyAdd(key, x, a);
            e = Vector256.FusedMultiplyAdd(key, y, e);
            key = Vector256.Load(q + i);
            b = Vector256.FusedMultiplyAdd(key, x, b);
            f = Vector256.FusedMultiplyAdd(key, y, f);
            key = Vector256.Load(r + i);
            c = Vector256.FusedMultiplyAdd(key, x, c);
            g = Vector256.FusedMultiplyAdd(key, y, g);
            key = Vector256.Load(s + i);
            d = Vector256.FusedMultiplyAdd(key, x, d);
            h = Vector256.FusedMultiplyAdd(key, y, h);
        }
        Sums(a, b, c, d).Store(firstScores);
        Sums(e, f, g, h).Store(secondScores);
    }

    private static Vector128<float> Sums(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        var halves = Avx.HorizontalAdd(Avx.HorizontalAdd(a, b), Avx.HorizontalAdd(c, d));
        return halves.GetLower() + halves.GetUpper();
    }

    /// <summary>64 numbers of one query's result, in eight registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(float* weights, float* values, float* to, int keys, int size)
    {
        var (a, b, c, d) = (Vector256.Load(to), Vector256.Load(to + 8), Vector256.Load(to + 16), Vector256.Load(to + 24));
        var (e, f, g, h) = (Vector256.Load(to + 32), Vector256.Load(to + 40), Vector256.Load(to + 48), Vector256.Load(to + 56));
        for (var key = 0; key < keys; key++, values += size)
        {
            var weight = Vector256.Create(weights[key]);
            a = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values), a);
            b = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values + 8), b);
            c = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values + 16), c);
            d = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values + 24), d);
            e = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values + 32), e);
            f = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values + 40), f);
            g = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values + 48), g);
            h = Vector256.FusedMultiplyAdd(weight, Vector256.Load(values + 56), h);
        }
        a.Store(to);
        b.Store(to + 8);
        c.Store(to + 16);
        d.Store(to + 24);
        e.Store(to + 32);
        f.Store(to + 40);
        g.Store(to + 48);
        h.Store(to + 56);
    }
}
