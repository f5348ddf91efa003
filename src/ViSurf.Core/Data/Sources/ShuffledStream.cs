using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json.Nodes;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data.Sources;

/// <summary>
/// One source in a random order that is new in every epoch and a function of (seed, epoch, source, settings): no row is dropped or comes
/// twice in an epoch. Blocks are shuffled, as many of them as fit <see cref="BufferBytes"/> are held at a time, and rows are shuffled among
/// those. A source of one block, a JSON Lines file for instance, is shuffled as a whole.
/// </summary>
/// <remarks>
/// <c>Next(a)</c> and <c>Next(b)</c> give the rows of <c>Next(a + b)</c>. An exception leaves the stream where it was. Memory is one window
/// of blocks; 4 bytes a row of the window for its order.
/// </remarks>
public sealed class ShuffledStream : IExampleStream
{
    private readonly IExampleSource _source;
    private readonly long _seed, _rows;
    private readonly long[] _firstRow;
    private readonly string _blocks;
    private readonly FrozenSet<long> _skip = [];
    private readonly Dictionary<int, IReadOnlyList<VisionExample>> _loaded = [];
    private long _epoch, _position;
    private Window? _window;

    /// <param name="source">What is read; stays the caller's.</param>
    /// <param name="seed">Root of the order.</param>
    /// <exception cref="ArgumentException">The source has no rows.</exception>
    public ShuffledStream(IExampleSource source, long seed)
    {
        (_source, _seed) = (Guard.NotNull(source), seed);
        _firstRow = new long[source.Blocks.Count + 1];
        for (var b = 0; b < source.Blocks.Count; b++) _firstRow[b + 1] = _firstRow[b] + source.Blocks[b].Rows;
        _rows = _firstRow[^1];
        _blocks = source.Blocks.Aggregate(0UL, (hash, block) => SeedStream.Bits(block.Rows, block.Bytes, hash, 0, 0)).ToString("x", CultureInfo.InvariantCulture);
        if (_rows == 0) throw new ArgumentException($"Expected rows in source '{source.Name}', found none.", nameof(source));
    }

    /// <summary>Most bytes of blocks that are held at a time, as <see cref="RowBlock.Bytes"/> counts them; one block is always held.</summary>
    /// <value>2²⁸ (256 MiB): a few hundred pictures to be shuffled among. More shuffles better.</value>
    public long BufferBytes { get; init => field = Guard.NotNegative(value); } = 1L << 28;

    /// <summary>Whether the order is random.</summary>
    /// <value>true. false: the order of the source, for evaluation.</value>
    public bool Shuffle { get; init; } = true;

    /// <summary>Rows that are passed over, numbered from 0 through all blocks: what a check found unfit.</summary>
    /// <value>Empty.</value>
    /// <exception cref="ArgumentException">No row would be left.</exception>
    public IReadOnlySet<long> Skip
    {
        get => _skip;
        init
        {
            _skip = Guard.NotNull(value).Where(row => row >= 0 && row < _rows).ToFrozenSet();
            if (_skip.Count == _rows) throw new ArgumentException($"Expected rows to be left of source '{_source.Name}', but all {_rows} are to be skipped.", nameof(value));
        }
    }

    /// <inheritdoc/>
    public string Position
    {
        get => PositionText.Write(Own(), new JsonObject { ["epoch"] = _epoch, ["position"] = _position });
        set
        {
            var read = PositionText.Read(value, Own());
            MoveTo(PositionText.Number(read, "epoch", long.MaxValue), PositionText.Number(read, "position", _rows));
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<VisionExample> Next(int count)
    {
        var examples = new VisionExample[Guard.NotNegative(count)];
        var (epoch, position) = (_epoch, _position);
        try
        {
            for (var i = 0; i < count; i++) examples[i] = Next();
            return examples;
        }
        catch
        {
            MoveTo(epoch, position);
            throw;
        }
    }

    private VisionExample Next()
    {
        while (true)
        {
            if (_position == _rows) (_epoch, _position) = (_epoch + 1, 0);
            var (block, row) = Address(_position);
            _position++;
            if (_skip.Contains(_firstRow[block] + row)) continue;
            if (!_loaded.TryGetValue(block, out var rows)) _loaded.Add(block, rows = _source.Read(block));
            return rows[row];
        }
    }

    private void MoveTo(long epoch, long position)
    {
        if (epoch != _epoch) Leave();
        (_epoch, _position) = (epoch, position);
    }

    private void Leave()
    {
        _window = null;
        _loaded.Clear();
    }

    /// <summary>Which row of which block comes at a position of the epoch.</summary>
    private (int Block, int Row) Address(long position)
    {
        if (_window is null || _window.Epoch != _epoch || position < _window.Start || position >= _window.Start + _window.Rows)
        {
            Leave();
            _window = Find(position);
        }
        var at = (int)(position - _window.Start);
        if (_window.Order is { } order) at = order[at];
        // The last block that begins at or before it; blocks without rows begin where the next one does.
        var found = Array.BinarySearch(_window.Begins, at);
        if (found < 0) found = ~found - 1;
        while (found + 1 < _window.Begins.Length && _window.Begins[found + 1] == at) found++;
        return (_window.Blocks[found], at - _window.Begins[found]);
    }

    private Window Find(long position)
    {
        var order = Shuffle ? EpochCursor.Order(_source.Blocks.Count, _seed, _epoch) : null;
        long start = 0;
        for (int first = 0, number = 0; first < _source.Blocks.Count; number++)
        {
            var (blocks, begins) = (new List<int>(), new List<int>());
            var (rows, bytes) = (0L, 0L);
            while (first < _source.Blocks.Count)
            {
                var block = order?[first] ?? first;
                var (more, size) = _source.Blocks[block];
                if (blocks.Count > 0 && (!Shuffle || bytes + size > BufferBytes || rows + more > int.MaxValue)) break;
                blocks.Add(block);
                begins.Add((int)rows);
                (rows, bytes, first) = (rows + more, bytes + size, first + 1);
            }
            if (position < start + rows)
                return new Window(_epoch, start, (int)rows, blocks, [.. begins], Shuffle ? EpochCursor.Order((int)rows, SeedStream.Derive(_seed, "window", number), _epoch) : null);
            start += rows;
        }
        throw new InvalidOperationException($"Expected position {position} among {_rows} rows.");
    }

    private JsonObject Own() => new()
    {
        ["stream"] = "shuffled", ["source"] = _source.Name, ["rows"] = _rows, ["blocks"] = _blocks,
        ["seed"] = _seed, ["shuffle"] = Shuffle, ["buffer_bytes"] = BufferBytes,
    };

    private sealed record Window(long Epoch, long Start, int Rows, IReadOnlyList<int> Blocks, int[] Begins, int[]? Order);
}
