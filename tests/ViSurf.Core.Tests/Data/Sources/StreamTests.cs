using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using Xunit;

namespace ViSurf.Core.Tests.Data.Sources;

public sealed class StreamTests
{
    private static readonly Gen<(int[] Blocks, long Seed, long Buffer, int[] Takes)> Walks =
        Gen.Select(Gen.Int[0, 9].Array[1, 8].Where(b => b.Sum() > 0), Gen.Long, Gen.Long[0, 400], Gen.Int[0, 25].Array[1, 10]);

    [Fact]
    public void Every_row_comes_once_per_epoch_however_the_blocks_are_cut_and_the_epochs_are_taken()
        => Walks.Sample((blocks, seed, buffer, takes) =>
        {
            var source = new Blocked("s", blocks);
            var stream = new ShuffledStream(source, seed) { BufferBytes = buffer };
            var given = takes.SelectMany(stream.Next).Select(e => int.Parse(e.Id)).ToArray();
            given.Should().HaveCount(takes.Sum());
            foreach (var epoch in given.Chunk(blocks.Sum()))
            {
                epoch.Should().OnlyHaveUniqueItems();
                if (epoch.Length == blocks.Sum()) epoch.Order().Should().Equal(Enumerable.Range(0, blocks.Sum()));
            }
        });

    [Fact]
    public void Resumed_anywhere_a_stream_goes_on_as_if_it_had_not_stopped()
        => Walks.Sample((blocks, seed, buffer, takes) =>
        {
            IExampleStream Fresh() => new ShuffledStream(new Blocked("s", blocks), seed) { BufferBytes = buffer };
            Resumes(Fresh, takes);
        });

    [Fact]
    public void Resumed_anywhere_a_mix_goes_on_as_if_it_had_not_stopped()
        => Gen.Select(Walks, Gen.Double[0.01, 5], Gen.Double[0.01, 5]).Sample((walk, a, b) =>
        {
            IExampleStream Fresh() => new MixedStream(walk.Seed,
                new WeightedStream("a", new ShuffledStream(new Blocked("a", walk.Blocks), walk.Seed) { BufferBytes = walk.Buffer }, a),
                new WeightedStream("b", new ShuffledStream(new Blocked("b", [3, 2]), 5).Select(e => e with { Source = "own" }), b));
            Resumes(Fresh, walk.Takes);
        });

    [Fact]
    public void Blocks_that_do_not_fit_the_buffer_are_not_held_together()
    {   // blocks of 10 rows and 100 bytes; 250 bytes hold two of them
        var source = new Blocked("s", Enumerable.Repeat(10, 7).ToArray());
        var stream = new ShuffledStream(source, 3) { BufferBytes = 250 };
        var order = stream.Next(70).Select(e => int.Parse(e.Id) / 10).ToArray();
        foreach (var window in order.Chunk(20)) window.Distinct().Count().Should().BeLessThanOrEqualTo(2);
        order[..20].Distinct().Should().HaveCount(2, "rows of a window are mixed");
        source.Reads.Should().HaveCount(7, "each block is read once an epoch");
        stream.Next(70).Select(e => int.Parse(e.Id) / 10).Should().NotEqual(order);
    }

    [Fact]
    public void Without_shuffling_rows_come_in_the_order_of_the_source()
    {
        var stream = new ShuffledStream(new Blocked("s", [2, 0, 3]), 9) { Shuffle = false };
        stream.Next(7).Select(e => e.Id).Should().Equal("0", "1", "2", "3", "4", "0", "1");
    }

    [Fact]
    public void Rows_to_be_skipped_do_not_come_and_the_others_keep_their_order()
    {
        var all = new ShuffledStream(new Blocked("s", [5, 5]), 4).Next(10).Select(e => e.Id).ToArray();
        new ShuffledStream(new Blocked("s", [5, 5]), 4) { Skip = new HashSet<long> { 0, 7, 99 } }.Next(8).Select(e => e.Id)
            .Should().Equal(all.Where(id => id is not ("0" or "7")));
        FluentActions.Invoking(() => new ShuffledStream(new Blocked("s", [1]), 4) { Skip = new HashSet<long> { 0 } }).Should().Throw<ArgumentException>().WithMessage("*all 1 are to be skipped*");
    }

    [Fact]
    public void A_bad_row_throws_and_leaves_the_stream_where_it_was()
    {
        var source = new Blocked("s", [4]) { Bad = 2 };
        var stream = new ShuffledStream(source, 1) { Shuffle = false };
        stream.Next(1);
        var position = stream.Position;
        for (var again = 0; again < 2; again++)
        {
            stream.Invoking(s => s.Next(3)).Should().Throw<InvalidDataException>().WithMessage("row 2 is bad");
            stream.Position.Should().Be(position);
        }
        var mixed = new MixedStream(1, new WeightedStream("only", stream, 1));
        mixed.Next(1)[0].Id.Should().Be("only/1");
        var before = mixed.Position;
        mixed.Invoking(s => s.Next(1)).Should().Throw<InvalidDataException>();
        mixed.Position.Should().Be(before);
        var changed = new ShuffledStream(new Blocked("s", [4]), 1) { Shuffle = false }.Select(e => e.Id == "1" ? throw new InvalidDataException("no") : e);
        changed.Invoking(s => s.Next(2)).Should().Throw<InvalidDataException>();
        changed.Next(1)[0].Id.Should().Be("0");
    }

    [Theory]
    [InlineData("other", new[] { 3, 4 }, 1, "whose source is \"other\"*whose source is \"s\"")]
    [InlineData("s", new[] { 3, 5 }, 1, "whose rows is 8*whose rows is 7")]
    [InlineData("s", new[] { 4, 3 }, 1, "whose blocks is *")]
    [InlineData("s", new[] { 3, 4 }, 2, "whose seed is 2*whose seed is 1")]
    public void A_position_of_other_data_or_settings_is_refused_with_what_differs(string name, int[] blocks, long seed, string message)
    {
        var position = new ShuffledStream(new Blocked("s", [3, 4]), 1).Position;
        new ShuffledStream(new Blocked(name, blocks), seed).Invoking(s => s.Position = position).Should().Throw<InvalidDataException>().WithMessage($"Expected a position of this stream, {message}*");
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("{}")]
    public void A_text_that_is_no_position_is_refused(string text)
    {
        new ShuffledStream(new Blocked("s", [3]), 1).Invoking(s => s.Position = text).Should().Throw<InvalidDataException>();
        new MixedStream(1, new WeightedStream("a", new ShuffledStream(new Blocked("s", [3]), 1), 1)).Invoking(s => s.Position = text).Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void A_mix_draws_by_weight_and_says_where_each_example_is_from()
    {   // 4000 draws, weight 3 : 1: 3000 expected, σ = √(4000 · 0.75 · 0.25) = 27; five of those
        var mix = new MixedStream(11, new WeightedStream("a", new ShuffledStream(new Blocked("a", [10]) { NoSource = true }, 1), 3), new WeightedStream("b", new ShuffledStream(new Blocked("file", [4]), 1), 1));
        var drawn = mix.Next(4000);
        drawn.Count(e => e.Id.StartsWith("a/", StringComparison.Ordinal)).Should().BeInRange(3000 - 137, 3000 + 137);
        drawn.Select(e => (e.Id[0], e.Source)).Distinct().Should().BeEquivalentTo([('a', "a"), ('b', "file")]);
        // Each stream has its own epochs: the rows of b in the order that b has alone.
        drawn.Where(e => e.Id[0] == 'b').Select(e => e.Id[2..]).Should().Equal(new ShuffledStream(new Blocked("file", [4]), 1).Next(4000).Select(e => e.Id).Take(drawn.Count(e => e.Id[0] == 'b')));
        new MixedStream(12, new WeightedStream("a", new ShuffledStream(new Blocked("a", [10]), 1), 3), new WeightedStream("b", new ShuffledStream(new Blocked("b", [4]), 1), 1))
            .Next(50).Select(e => e.Id[0]).Should().NotEqual(drawn.Take(50).Select(e => e.Id[0]));
    }

    [Fact]
    public void A_mix_that_cannot_be_is_refused()
    {
        var stream = new ShuffledStream(new Blocked("s", [3]), 1);
        FluentActions.Invoking(() => new MixedStream(1)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new MixedStream(1, new WeightedStream("a", stream, 0))).Should().Throw<ArgumentException>().WithMessage("*weight > 0 for stream 'a'*");
        FluentActions.Invoking(() => new MixedStream(1, new WeightedStream("a", stream, 1), new WeightedStream("a", stream, 1))).Should().Throw<ArgumentException>().WithMessage("*different names*");
        FluentActions.Invoking(() => new ShuffledStream(new Blocked("s", [0]), 1)).Should().Throw<ArgumentException>().WithMessage("*rows in source 's'*");
    }

    [Fact]
    public void Rows_in_memory_are_a_source()
        => new ShuffledStream(new ListSource([VisionExample.Ask("x", "?", null)], "list"), 1).Next(2).Select(e => e.Id).Should().Equal("x", "x");

    private static void Resumes(Func<IExampleStream> fresh, int[] takes)
    {
        var (straight, resumed) = (fresh(), fresh());
        foreach (var take in takes)
        {
            resumed.Next(take).Should().Equal(straight.Next(take), (a, b) => (a.Id, a.Source, a.Place) == (b.Id, b.Source, b.Place));
            resumed.Position.Should().Be(straight.Position);
            var next = fresh();
            next.Next(takes[0]); // a stream that stands elsewhere
            next.Position = resumed.Position;
            next.Position.Should().Be(resumed.Position);
            resumed = next;
        }
    }

    /// <summary>Rows numbered through, 10 bytes each.</summary>
    private sealed class Blocked(string name, int[] blocks) : IExampleSource
    {
        public int Bad { get; init; } = -1;

        public bool NoSource { get; init; }

        public List<int> Reads { get; } = [];

        public string Name => name;

        public IReadOnlyList<RowBlock> Blocks { get; } = blocks.Select(rows => new RowBlock(rows, 10 * rows)).ToArray();

        public IReadOnlyList<VisionExample> Read(int block)
        {
            Reads.Add(block);
            return new LazyRows(blocks[block], row =>
            {
                var number = blocks.Take(block).Sum() + row;
                return number == Bad ? throw new InvalidDataException($"row {number} is bad")
                    : VisionExample.Ask($"{number}", "?", null) with { Source = NoSource ? null : name, Place = $"{name}:{number}" };
            });
        }
    }
}
