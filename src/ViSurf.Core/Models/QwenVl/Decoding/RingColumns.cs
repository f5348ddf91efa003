namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// Which column of a cache a step writes. A ring: every step writes the same column of all rows, and when the last column is reached the
/// first is written again, which no row needs any more, because no row is longer than the ring. So rows that enter later cost no copying.
/// </summary>
/// <param name="limit">Columns there will be at most: the most tokens of a row, or more.</param>
internal sealed class RingColumns(int limit)
{
    private const int FirstBlock = 32;
    private int _steps;

    /// <summary>Columns there will be at most.</summary>
    public int Limit { get; } = Math.Max(1, limit);

    /// <summary>Tokens that each row has written, this step's included once it has begun.</summary>
    public int[] Ages { get; private set; } = [];

    /// <summary>Columns there are; a cache begins with that many and grows when <see cref="BeginStep"/> says so.</summary>
    public int Capacity { get; private set; } = Math.Min(FirstBlock, Math.Max(1, limit));

    /// <summary>The column that this step writes; what a row has written lies before it and, when that goes below 0, at the end.</summary>
    public int Column => Before(0);

    /// <summary>Columns that hold anything.</summary>
    public int Used => Math.Min(_steps, Capacity);

    /// <summary>The column that was written some steps before this one.</summary>
    public int Before(int back) => (_steps - 1 - back) % Capacity;

    /// <summary>Adds rows that have written nothing.</summary>
    public void Add(int rows) => Ages = [.. Ages, .. new int[rows]];

    /// <summary>Keeps some rows.</summary>
    /// <param name="rows">Ascending indices.</param>
    public void Keep(int[] rows) => Ages = Array.ConvertAll(rows, row => Ages[row]);

    /// <summary>Makes room for one more token of every row.</summary>
    /// <returns>Columns that the cache has to grow by first; 0 nearly always.</returns>
    public int BeginStep()
    {
        var more = _steps == Capacity && Capacity < Limit ? Math.Min(Limit, 2 * Capacity) - Capacity : 0;
        Capacity += more;
        _steps++;
        for (var row = 0; row < Ages.Length; row++) Ages[row]++;
        return more;
    }
}
