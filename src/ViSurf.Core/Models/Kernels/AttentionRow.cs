namespace ViSurf.Core.Models.Kernels;

/// <summary>
/// Softmax attention of the queries that share a key-value head, over keys that come in spans. Keys and values are read once, some at a
/// time: sums are kept relative to the largest score so far (online softmax, Milakov and Gimelshein 2018, as in flash attention).
/// </summary>
internal readonly unsafe ref struct AttentionRow
{
    /// <summary>Keys at a time: their scores stay in the nearest cache.</summary>
    private const int Chunk = 64;
    private readonly float* _queries, _mixed, _scores, _top, _sum;
    private readonly int _count, _size;

    /// <param name="queries">[count, size], scaled.</param>
    /// <param name="mixed">[count, size]: the result.</param>
    /// <param name="count">Queries.</param>
    /// <param name="size">Head size, a multiple of 8.</param>
    /// <param name="scratch">count · <see cref="ScratchPerQuery"/> floats.</param>
    public AttentionRow(float* queries, float* mixed, int count, int size, float* scratch)
    {
        _queries = queries;
        _mixed = mixed;
        (_count, _size) = (count, size);
        _scores = scratch;
        _top = scratch + count * Chunk;
        _sum = _top + count;
        new Span<float>(_mixed, count * size).Clear();
        new Span<float>(_top, count).Fill(float.NegativeInfinity);
        new Span<float>(_sum, count).Clear();
    }

    /// <summary>Floats of scratch a query needs.</summary>
    public static int ScratchPerQuery => Chunk + 2;

    /// <summary>Takes in keys that lie one after the other, and their values.</summary>
    /// <param name="keys">[count, size].</param>
    /// <param name="values">[count, size].</param>
    /// <param name="count">How many.</param>
    public void See(float* keys, float* values, int count)
    {
        for (var from = 0; from < count; from += Chunk)
        {
            var some = Math.Min(Chunk, count - from);
            AttentionKernel.Scores(_queries, keys + (long)from * _size, _scores, (_count, some, _size), Chunk);
            for (var query = 0; query < _count; query++) Rescale(query, some);
            AttentionKernel.Mix(_scores, values + (long)from * _size, _mixed, (_count, some, _size), Chunk);
        }
    }

    /// <summary>Divides by the sum of weights.</summary>
    public void Finish()
    {
        for (var query = 0; query < _count; query++)
            AttentionKernel.Scale(_mixed + query * _size, _size, 1 / _sum[query]);
    }

    /// <summary>Scores to weights relative to the largest score so far, and what was summed before to the same.</summary>
    private void Rescale(int query, int count)
    {
        var scores = _scores + query * Chunk;
        var top = Math.Max(_top[query], AttentionKernel.Largest(scores, count));
        // Also when either is not a number: it is to be seen in the result.
        if (!(top <= _top[query]))
        {
            var shrink = MathF.Exp(_top[query] - top);
            _sum[query] *= shrink;
            AttentionKernel.Scale(_mixed + query * _size, _size, shrink);
            _top[query] = top;
        }
        _sum[query] += AttentionKernel.Exponentials(scores, count, top);
    }
}
