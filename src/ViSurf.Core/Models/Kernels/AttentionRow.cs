namespace ViSurf.Core.Models.Kernels;

/// <summary>Keys and values that lie one after the other, and which of them a query sees.</summary>
/// <param name="keys">[count, head size].</param>
/// <param name="values">[count, head size].</param>
/// <param name="count">How many.</param>
/// <param name="hidden">One byte each, 1 where the query may not look; null when it sees all.</param>
internal readonly unsafe struct KeySpan(float* keys, float* values, int count, byte* hidden = null)
{
    public readonly float* Keys = keys, Values = values;
    public readonly byte* Hidden = hidden;
    public readonly int Count = count;
}

/// <summary>
/// Softmax attention of the queries that share a key-value head, over keys that come in spans. Keys and values are read once, some at a
/// time: sums are kept relative to the largest score so far (online softmax, Milakov and Gimelshein 2018, as in flash attention).
/// </summary>
internal unsafe ref struct AttentionRow
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

    /// <summary>Takes in what a span holds.</summary>
    public readonly void See(KeySpan span)
    {
        for (var from = 0; from < span.Count; from += Chunk)
        {
            var count = Math.Min(Chunk, span.Count - from);
            AttentionKernel.Scores(_queries, span.Keys + (long)from * _size, _scores, (_count, count, _size), Chunk);
            if (span.Hidden is not null) Hide(span.Hidden + from, count);
            for (var query = 0; query < _count; query++) Rescale(query, count);
            AttentionKernel.Mix(_scores, span.Values + (long)from * _size, _mixed, (_count, count, _size), Chunk);
        }
    }

    /// <summary>Divides by the sum of weights.</summary>
    public readonly void Finish()
    {
        for (var query = 0; query < _count; query++)
            AttentionKernel.Scale(_mixed + query * _size, _size, 1 / _sum[query]);
    }

    private readonly void Hide(byte* hidden, int count)
    {
        for (var key = 0; key < count; key++)
        {
            if (hidden[key] == 0) continue;
            for (var query = 0; query < _count; query++) _scores[query * Chunk + key] = float.NegativeInfinity;
        }
    }

    /// <summary>Scores to weights relative to the largest score so far, and what was summed before to the same.</summary>
    private readonly void Rescale(int query, int count)
    {
        var scores = _scores + query * Chunk;
        var top = Math.Max(_top[query], AttentionKernel.Largest(scores, count));
        if (float.IsNegativeInfinity(top))
        {
            new Span<float>(scores, count).Clear();
            return;
        }
        if (top > _top[query])
        {
            var shrink = MathF.Exp(_top[query] - top);
            _sum[query] *= shrink;
            AttentionKernel.Scale(_mixed + query * _size, _size, shrink);
            _top[query] = top;
        }
        _sum[query] += AttentionKernel.Exponentials(scores, count, top);
    }
}
