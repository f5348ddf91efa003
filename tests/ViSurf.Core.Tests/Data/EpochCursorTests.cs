using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using Xunit;

namespace ViSurf.Core.Tests.Data;

public sealed class EpochCursorTests
{
    private static readonly Gen<(int Rows, long Seed, int[] Takes)> Walks = Gen.Select(Gen.Int[1, 40], Gen.Long, Gen.Int[0, 30].Array[1, 12]);

    [Fact]
    public void Every_row_comes_once_per_epoch_however_the_epochs_are_taken()
        => Walks.Sample((rows, seed, takes) =>
        {
            var cursor = new EpochCursor(rows, seed);
            var given = takes.SelectMany(cursor.Next).ToArray();
            given.Should().HaveCount(takes.Sum());
            foreach (var epoch in given.Chunk(rows)) // the last one may have begun only
            {
                epoch.Should().OnlyHaveUniqueItems().And.OnlyContain(row => row >= 0 && row < rows);
                if (epoch.Length == rows) epoch.Order().Should().Equal(Enumerable.Range(0, rows));
            }
        });

    [Fact]
    public void Resumed_anywhere_it_goes_on_as_if_it_had_not_stopped()
        => Walks.Sample((rows, seed, takes) =>
        {
            var straight = new EpochCursor(rows, seed);
            var resumed = new EpochCursor(rows, seed);
            foreach (var take in takes)
            {
                resumed.Next(take).Should().Equal(straight.Next(take));
                resumed = new EpochCursor(rows, resumed.State);
            }
            resumed.State.Should().Be(straight.State);
        });

    [Fact]
    public void The_state_says_where_it_stands()
    {
        var cursor = new EpochCursor(4, 7);
        cursor.State.Should().Be(new EpochCursorState(7, 0, 0, 4));
        cursor.Next(3);
        cursor.State.Should().Be(new EpochCursorState(7, 0, 3, 4));
        cursor.Next(6); // 9 rows: two epochs and one row
        cursor.State.Should().Be(new EpochCursorState(7, 2, 1, 4));
    }

    [Fact]
    public void An_order_is_a_function_of_seed_epoch_and_rows()
    {
        var order = EpochCursor.Order(100, 1, 0);
        EpochCursor.Order(100, 1, 0).Should().Equal(order);
        EpochCursor.Order(100, 1, 1).Should().NotEqual(order);
        EpochCursor.Order(100, 2, 0).Should().NotEqual(order);
        new EpochCursor(100, 1).Next(200).Should().Equal([.. order, .. EpochCursor.Order(100, 1, 1)]);
    }

    [Fact]
    public void All_orders_are_equally_likely()
    {   // 6000 epochs of 3 rows: each of the 6 orders 1000 times, σ = √(6000 · 1/6 · 5/6) = 29; five of those.
        var counts = Enumerable.Range(0, 6000).CountBy(epoch => string.Join(',', EpochCursor.Order(3, 42, epoch))).ToArray();
        counts.Should().HaveCount(6).And.OnlyContain(c => Math.Abs(c.Value - 1000) < 145);
    }

    [Fact]
    public void Resuming_on_another_data_set_is_refused()
        => FluentActions.Invoking(() => new EpochCursor(5, new EpochCursorState(1, 0, 0, 4))).Should().Throw<ArgumentException>()
            .WithMessage("Expected the data set of 4 rows that the saved order belongs to, got 5. Resume with the same data or start a new cursor.*");

    [Theory]
    [InlineData(0, 5)]
    [InlineData(0, -1)]
    [InlineData(-1, 0)]
    public void A_state_that_cannot_be_is_refused(long epoch, int position)
        => FluentActions.Invoking(() => new EpochCursor(4, new EpochCursorState(1, epoch, position, 4))).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void There_must_be_rows_and_a_count()
    {
        FluentActions.Invoking(() => new EpochCursor(0, 1)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("Expected at least "
            + "one row to draw from, got 0. Is the data set empty*");
        new EpochCursor(1, 1).Invoking(c => c.Next(-1)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("Expected count >= 0, got -1.*");
    }
}
