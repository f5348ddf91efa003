using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>Where an <see cref="EpochCursor"/> stands: all that a checkpoint needs to go on with the same rows.</summary>
/// <param name="Seed">Root of the order.</param>
/// <param name="Epoch">Epochs completed.</param>
/// <param name="Position">Rows of the current epoch already given out.</param>
/// <param name="Rows">Size of the data set, so that resuming on another one is noticed.</param>
public sealed record EpochCursorState(long Seed, long Epoch, int Position, int Rows);

/// <summary>
/// A random order over the rows of a data set, a new one in every epoch, that can be saved and resumed. The order of an epoch is a
/// pure function of (seed, epoch, rows); no row is dropped or given twice in an epoch. Not thread-safe.
/// </summary>
public sealed class EpochCursor
{
    private readonly int _rows;
    private readonly long _seed;
    private long _epoch;
    private int _position;
    private int[] _order;

    /// <summary>Starts at the beginning of epoch 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are no rows.</exception>
    public EpochCursor(int rows, long seed)
    {
        (_rows, _seed) = (AtLeastOne(rows), seed);
        _order = Order(rows, seed, 0);
    }

    /// <summary>Goes on where <paramref name="state"/> was taken.</summary>
    /// <param name="rows">Size of the data set now.</param>
    /// <param name="state">From <see cref="State"/>.</param>
    /// <exception cref="ArgumentException">The data set has another size than when the state was taken.</exception>
    public EpochCursor(int rows, EpochCursorState state)
    {
        Guard.NotNull(state);
        if (rows != state.Rows)
            throw new ArgumentException(
                $"Expected the data set of {state.Rows} rows that the saved order belongs to, got {rows}. Resume with the same data or start a new cursor.",
                nameof(rows));
        (_rows, _seed) = (AtLeastOne(rows), state.Seed);
        _epoch = Guard.NotNegative(state.Epoch);
        _position = Guard.InRange(state.Position, 0, rows);
        _order = Order(rows, _seed, _epoch);
    }

    /// <summary>What to save.</summary>
    public EpochCursorState State => new(_seed, _epoch, _position, _rows);

    /// <summary>The next row indices, going on into the next epochs as far as needed.</summary>
    /// <param name="count">How many; may exceed the number of rows.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public int[] Next(int count)
    {
        var indices = new int[Guard.NotNegative(count)];
        for (var i = 0; i < count; i++)
        {
            if (_position == _rows) (_position, _order) = (0, Order(_rows, _seed, ++_epoch));
            indices[i] = _order[_position++];
        }
        return indices;
    }

    /// <summary>The order of an epoch: a Fisher–Yates shuffle fed by <see cref="SeedStream"/>.</summary>
    /// <returns>Every index in [0, <paramref name="rows"/>) once.</returns>
    public static int[] Order(int rows, long seed, long epoch)
    {
        var order = Enumerable.Range(0, Guard.NotNegative(rows)).ToArray();
        var purpose = SeedStream.Key("epoch order");
        for (var i = rows - 1; i > 0; i--)
        {
            // The high half of a 128-bit product maps 64 random bits to [0, i] with a bias below 2⁻³².
            var j = (int)Math.BigMul(SeedStream.Bits(seed, epoch, purpose, 0, i), (ulong)i + 1, out _);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }

    private static int AtLeastOne(int rows)
        => rows > 0 ? rows : throw new ArgumentOutOfRangeException(nameof(rows), $"Expected at least one row to draw from, got {rows}. "
            + $"Is the data set empty?");
}
