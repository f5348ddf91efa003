namespace ViSurf.Core.Evaluation;

/// <summary>Total length of a changing set of intervals: a segment tree over their ends, O(log n) per change.</summary>
internal sealed class CoveredLength
{
    private readonly double[] _ends;
    private readonly int[] _count;
    private readonly double[] _length;

    /// <param name="ends">Every end that will ever be added.</param>
    public CoveredLength(IEnumerable<double> ends)
    {
        _ends = ends.Order().Distinct().ToArray();
        (_count, _length) = (new int[4 * _ends.Length], new double[4 * _ends.Length]);
    }

    /// <summary>Length covered now.</summary>
    public double Length => _length[1];

    /// <summary>Adds (step 1) or removes (step −1) the interval.</summary>
    public void Add(double low, double high, int step)
        => Add(1, 0, _ends.Length - 1, Array.BinarySearch(_ends, low), Array.BinarySearch(_ends, high), step);

    /// <summary>Node <paramref name="node"/> spans the ends from..to; its count is of intervals that cover it but not its parent.</summary>
    private void Add(int node, int from, int to, int low, int high, int step)
    {
        if (high <= from || to <= low) return;
        if (low <= from && to <= high)
        {
            _count[node] += step;
        }
        else
        {
            var middle = (from + to) / 2;
            Add(2 * node, from, middle, low, high, step);
            Add(2 * node + 1, middle, to, low, high, step);
        }
        _length[node] = _count[node] > 0 ? _ends[to] - _ends[from]
            : to - from == 1 ? 0
            : _length[2 * node] + _length[2 * node + 1];
    }
}
