using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ViSurf.Core.Models.Kernels;

/// <summary>
/// One core's share: 16 rows lie side by side, so that one weight, read once, multiplies all of them; eight columns at a time, whose
/// sums stay in registers, while the weights of the next eight are on their way from memory.
/// </summary>
/// <remarks>Compiled at its best at once: a short rollout is over before the runtime would have noticed which loops are hot.</remarks>
internal static unsafe class FewRowsKernel
{
    /// <summary>Rows side by side.</summary>
    public const int Panel = 16;

    /// <summary>Columns at a time.</summary>
    public const int Columns = 8;

    /// <summary>Floats of a cache line.</summary>
    private const int Line = 16;

    /// <summary>Up to 16 rows, [rows, inputs], side by side: [inputs, 16]. Places without a row get zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* rows, float* packed, int count, int inputs)
    {
        if (count < Panel) new Span<float>(packed, Panel * inputs).Clear();
        for (var row = 0; row < count; row += 4)
        {
            var (some, i) = (Math.Min(4, count - row), 0);
            if (some == 4)
                for (; i + 4 <= inputs; i += 4) Transpose(rows + (long)row * inputs + i, inputs, packed + (long)i * Panel + row, Panel);
            for (; i < inputs; i++)
                for (var r = 0; r < some; r++) packed[(long)i * Panel + row + r] = rows[(long)(row + r) * inputs + i];
        }
    }

    /// <summary>Columns from … to − 1 of the product.</summary>
    /// <param name="packed">One panel after the other.</param>
    /// <param name="weights">[outputs, inputs].</param>
    /// <param name="target">[rows, outputs].</param>
    /// <param name="size">Of the product.</param>
    /// <param name="from">A multiple of 8.</param>
    /// <param name="to">The end.</param>
    public static void Run(float* packed, float* weights, float* target, (int Rows, int Inputs, int Outputs) size, int from, int to)
    {
        var sums = stackalloc float[Columns * Panel];
        for (var column = from; column < to; column += Columns)
        {
            var width = Math.Min(Columns, to - column);
            var start = weights + (long)column * size.Inputs;
            for (var row = 0; row < size.Rows; row += Panel)
            {
                var panel = packed + (long)row * size.Inputs;
                // Later panels find the weights in the cache; nothing lies behind the last columns.
                var fetch = row == 0 && column + 2 * Columns <= size.Outputs;
                if (width < Columns) Single(panel, start, size.Inputs, sums, width);
                else if (Vector512.IsHardwareAccelerated) Wide(panel, start, size.Inputs, sums, fetch);
                else Narrow(panel, start, size.Inputs, sums, fetch);
                Store(sums, target + (long)row * size.Outputs + column, Math.Min(Panel, size.Rows - row), width, size.Outputs);
            }
        }
    }

    /// <summary>AVX-512: a register holds a column's 16 sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Wide(float* panel, float* weights, int inputs, float* sums, bool fetch)
    {
        Vector512<float> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        float* p = weights, q = p + inputs, r = q + inputs, s = r + inputs, t = s + inputs, u = t + inputs, v = u + inputs, w = v + inputs;
        for (var line = 0; line < inputs; line += Line)
        {
            if (fetch) Fetch(w + inputs + line, inputs);
            var end = Math.Min(inputs, line + Line);
            for (var i = line; i < end; i++)
            {
                var x = Vector512.Load(panel + (long)i * Panel);
                a = Vector512.FusedMultiplyAdd(Vector512.Create(p[i]), x, a);
                b = Vector512.FusedMultiplyAdd(Vector512.Create(q[i]), x, b);
                c = Vector512.FusedMultiplyAdd(Vector512.Create(r[i]), x, c);
                d = Vector512.FusedMultiplyAdd(Vector512.Create(s[i]), x, d);
                e = Vector512.FusedMultiplyAdd(Vector512.Create(t[i]), x, e);
                f = Vector512.FusedMultiplyAdd(Vector512.Create(u[i]), x, f);
                g = Vector512.FusedMultiplyAdd(Vector512.Create(v[i]), x, g);
                h = Vector512.FusedMultiplyAdd(Vector512.Create(w[i]), x, h);
            }
        }
        a.Store(sums);
        b.Store(sums + Panel);
        c.Store(sums + 2 * Panel);
        d.Store(sums + 3 * Panel);
        e.Store(sums + 4 * Panel);
        f.Store(sums + 5 * Panel);
        g.Store(sums + 6 * Panel);
        h.Store(sums + 7 * Panel);
    }

    /// <summary>AVX2: two registers a column, four columns at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow(float* panel, float* weights, int inputs, float* sums, bool fetch)
    {
        for (var half = 0; half < Columns; half += 4)
        {
            Vector256<float> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
            float* p = weights + (long)half * inputs, q = p + inputs, r = q + inputs, s = r + inputs;
            for (var line = 0; line < inputs; line += Line)
            {
                if (fetch && half == 0) Fetch(weights + (long)Columns * inputs + line, inputs);
                var end = Math.Min(inputs, line + Line);
                for (var i = line; i < end; i++)
                {
                    var (x, y) = (Vector256.Load(panel + (long)i * Panel), Vector256.Load(panel + (long)i * Panel + 8));
                    var weight = Vector256.Create(p[i]);
                    (a, b) = (Vector256.FusedMultiplyAdd(weight, x, a), Vector256.FusedMultiplyAdd(weight, y, b));
                    weight = Vector256.Create(q[i]);
                    (c, d) = (Vector256.FusedMultiplyAdd(weight, x, c), Vector256.FusedMultiplyAdd(weight, y, d));
                    weight = Vector256.Create(r[i]);
                    (e, f) = (Vector256.FusedMultiplyAdd(weight, x, e), Vector256.FusedMultiplyAdd(weight, y, f));
                    weight = Vector256.Create(s[i]);
                    (g, h) = (Vector256.FusedMultiplyAdd(weight, x, g), Vector256.FusedMultiplyAdd(weight, y, h));
                }
            }
            var to = sums + half * Panel;
            a.Store(to);
            b.Store(to + 8);
            c.Store(to + Panel);
            d.Store(to + Panel + 8);
            e.Store(to + 2 * Panel);
            f.Store(to + 2 * Panel + 8);
            g.Store(to + 3 * Panel);
            h.Store(to + 3 * Panel + 8);
        }
    }

    /// <summary>What is left of the columns, one at a time, in the same order of sums.</summary>
    private static void Single(float* panel, float* weights, int inputs, float* sums, int width)
    {
        for (var column = 0; column < width; column++)
        {
            Vector256<float> a = default, b = default;
            for (var i = 0; i < inputs; i++)
            {
                var weight = Vector256.Create(weights[(long)column * inputs + i]);
                a = Vector256.FusedMultiplyAdd(weight, Vector256.Load(panel + (long)i * Panel), a);
                b = Vector256.FusedMultiplyAdd(weight, Vector256.Load(panel + (long)i * Panel + 8), b);
            }
            a.Store(sums + column * Panel);
            b.Store(sums + column * Panel + 8);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Store(float* sums, float* target, int rows, int width, int stride)
    {
        for (var row = 0; row < rows; row += 4)
        {
            var (some, column) = (Math.Min(4, rows - row), 0);
            if (some == 4)
                for (; column + 4 <= width; column += 4) Transpose(sums + column * Panel + row, Panel, target + (long)row * stride + column, stride);
            for (; column < width; column++)
                for (var r = 0; r < some; r++) target[(long)(row + r) * stride + column] = sums[column * Panel + row + r];
        }
    }

    /// <summary>A line of the next eight columns, to the second cache: the first holds the rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(float* line, int inputs)
    {
        for (var column = 0; column < Columns; column++) Sse.Prefetch1(line + (long)column * inputs);
    }

    /// <summary>4 × 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(float* source, long sourceStride, float* target, long targetStride)
    {
        var (a, b) = (Sse.LoadVector128(source), Sse.LoadVector128(source + sourceStride));
        var (c, d) = (Sse.LoadVector128(source + 2 * sourceStride), Sse.LoadVector128(source + 3 * sourceStride));
        var (ab, ba) = (Sse.UnpackLow(a, b), Sse.UnpackHigh(a, b));
        var (cd, dc) = (Sse.UnpackLow(c, d), Sse.UnpackHigh(c, d));
        Sse.MoveLowToHigh(ab, cd).Store(target);
        Sse.MoveHighToLow(cd, ab).Store(target + targetStride);
        Sse.MoveLowToHigh(ba, dc).Store(target + 2 * targetStride);
        Sse.MoveHighToLow(dc, ba).Store(target + 3 * targetStride);
    }
}
