using System.Collections.Concurrent;
using CsCheck;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

[Collection(Alone.Name)]
public sealed class PrefetchingStreamTests
{
    private static readonly Gen<(int Rows, int[] Takes, int Ahead, int Threads)> Walks =
        Gen.Select(Gen.Int[1, 12], Gen.Int[0, 9].Array[1, 8], Gen.Int[1, 8], Gen.Int[1, 4]);

    [Fact]
    public void Examples_and_prompts_are_those_of_the_stream_and_the_encoder_without_it()
    {
        using var scope = NewDisposeScope();
        var decoder = new CountingDecoder();
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl"), decoder);
        var plain = Shuffled(Drawn(10));
        var expected = plain.Next(20);
        using (var ahead = new PrefetchingStream(Shuffled(Drawn(10)), encoder, new PrefetchOptions { Examples = 6, Threads = 3 }))
        {
            var given = new List<VisionExample>();
            foreach (var count in new[] { 1, 4, 0, 8, 7 })
            {
                var batch = ahead.Next(count);
                given.AddRange(batch);
                using var shelf = new PromptShelf(ahead.Encoder);
                foreach (var (prompt, example) in shelf.Of(batch).Zip(batch))
                {
                    using var alone = QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl")).Encode(example);
                    prompt.TokenIds.Should().Equal(alone.TokenIds);
                    prompt.Grids.Should().Equal(alone.Grids);
                    prompt.Pixels!.equal(alone.Pixels!).all().item<bool>().Should().BeTrue();
                    prompt.Example.Should().BeSameAs(example);
                }
            }
            given.Select(e => e.Id).Should().Equal(expected.Select(e => e.Id));
        }
        // Twenty were used; at most six more were read ahead, and one by each thread.
        decoder.Decoded.Should().BeInRange(20, 29);
        decoder.Threads.Should().NotContain(Environment.CurrentManagedThreadId, "pictures are decoded on other threads");
    }

    [Fact]
    public void A_step_larger_than_what_is_read_ahead_still_decodes_every_picture_once()
    {
        using var scope = NewDisposeScope();
        var decoder = new CountingDecoder();
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl"), decoder);
        var stream = new ShuffledStream(new ListSource(Drawn(30), "drawn"), 1);
        using (var ahead = new PrefetchingStream(stream, encoder, new PrefetchOptions { Examples = 2, Threads = 2 }))
        {
            using var shelf = new PromptShelf(ahead.Encoder);
            shelf.Of(ahead.Next(25));
        }
        decoder.Decoded.Should().BeInRange(25, 29);
    }

    [Fact]
    public void Resumed_anywhere_it_goes_on_with_the_examples_that_were_not_handed_out()
        => Walks.Sample((rows, takes, ahead, threads) =>
        {
            var examples = Enumerable.Range(0, rows).Select(i => TinyText.Example($"{i}", "?")).ToArray();
            var options = new PrefetchOptions { Examples = ahead, Threads = threads };
            var straight = Shuffled(examples);
            var position = straight.Position;
            using var moved = new PrefetchingStream(Shuffled(examples), TinyText.Encoder, options);
            foreach (var take in takes)
            {
                // One stream that is new, and one that stood elsewhere and read ahead from there.
                using var resumed = new PrefetchingStream(Shuffled(examples), TinyText.Encoder, options) { Position = position };
                moved.Next(1);
                moved.Position = position;
                var expected = straight.Next(take).Select(e => e.Id).ToArray();
                resumed.Next(take).Select(e => e.Id).Should().Equal(expected);
                moved.Next(take).Select(e => e.Id).Should().Equal(expected);
                position = straight.Position;
                resumed.Position.Should().Be(position);
                moved.Position.Should().Be(position);
            }
        }, iter: 40);

    [Fact]
    public void A_row_that_cannot_be_read_throws_at_the_call_that_would_have_returned_it()
    {
        using var ahead = new PrefetchingStream(new Failing(3), TinyText.Encoder);
        ahead.Next(2).Select(e => e.Id).Should().Equal("0", "1");
        var position = ahead.Position;
        for (var again = 0; again < 2; again++)
        {
            ahead.Invoking(a => a.Next(2)).Should().Throw<InvalidDataException>().WithMessage("rows.jsonl:4 is bad");
            ahead.Position.Should().Be(position);
        }
        ahead.Next(1).Single().Id.Should().Be("2");
        ahead.Invoking(a => a.Next(1)).Should().Throw<InvalidDataException>();
        ahead.Position = "0";
        ahead.Next(3).Select(e => e.Id).Should().Equal("0", "1", "2");
    }

    [Fact]
    public void A_row_whose_reading_failed_is_tried_again_at_the_next_call_and_not_in_between()
    {
        var network = new Flaky(bad: 3, failures: 2);
        using var ahead = new PrefetchingStream(network, TinyText.Encoder, new PrefetchOptions { Examples = 4, Threads = 3 });
        ahead.Next(2).Select(e => e.Id).Should().Equal("0", "1");
        ahead.Invoking(a => a.Next(2)).Should().Throw<IOException>().WithMessage("connection lost (1)");
        var position = ahead.Position;
        Thread.Sleep(50);
        network.Failed.Should().Be(1, "nobody has asked since");
        ahead.Next(1).Select(e => e.Id).Should().Equal(["2"], "it was read before");
        ahead.Position = position;
        ahead.Invoking(a => a.Next(2)).Should().Throw<IOException>().WithMessage("connection lost (2)");
        ahead.Position.Should().Be(position);
        ahead.Next(9).Select(e => e.Id).Should().Equal(Enumerable.Range(2, 9).Select(i => $"{i}"));
        ahead.Position.Should().Be("11");
    }

    [Fact]
    public void A_row_that_fails_twice_needs_no_new_position_to_be_read_the_third_time()
    {
        var network = new Flaky(bad: 1, failures: 2);
        using var ahead = new PrefetchingStream(network, TinyText.Encoder, new PrefetchOptions { Examples = 4, Threads = 2 });
        for (var again = 1; again <= 2; again++) ahead.Invoking(a => a.Next(3)).Should().Throw<IOException>().WithMessage($"connection lost ({again})");
        ahead.Next(3).Select(e => e.Id).Should().Equal("0", "1", "2");
        network.Failed.Should().Be(2);
    }

    [Fact]
    public void A_picture_that_cannot_be_decoded_throws_where_its_prompt_is_asked_for_and_names_the_example()
    {
        using var scope = NewDisposeScope();
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl"));
        VisionExample[] rows = [Drawn(1)[0], VisionExample.Ask("bad", "?", null, ImageSource.FromBytes(new byte[] { 1, 2 }, "broken.png"))];
        using var ahead = new PrefetchingStream(new ShuffledStream(new ListSource(rows, "list"), 1) { Shuffle = false }, encoder);
        var batch = ahead.Next(2);
        using (ahead.Encoder.Encode(batch[0])) { }
        for (var again = 0; again < 2; again++)
            ahead.Invoking(a => a.Encoder.Encode(batch[1])).Should().Throw<InvalidDataException>().WithMessage("Example 'bad'*'broken.png'*");
    }

    [Fact]
    public void Disposal_stops_reading_and_frees_what_nobody_took()
    {
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl"));
        var rows = Drawn(8);
        using (encoder.Encode(rows[0])) { }
        var live = Tensor.TotalCount;
        var stream = new Counting(rows);
        var ahead = new PrefetchingStream(stream, encoder, new PrefetchOptions { Examples = 5, Threads = 2 });
        ahead.Next(3);
        SpinWait.SpinUntil(() => Volatile.Read(ref stream.Given) >= 8, 20_000).Should().BeTrue("three were handed out and five wait");
        Thread.Sleep(50);
        stream.Given.Should().Be(8, "reading ahead is bounded");
        ahead.Dispose();
        ahead.Dispose();
        stream.Given.Should().Be(8);
        Tensor.TotalCount.Should().Be(live);
        ahead.Invoking(a => a.Next(1)).Should().Throw<ObjectDisposedException>();
    }

    [Fact]
    public void An_example_of_elsewhere_is_encoded_as_ever()
    {
        using var ahead = new PrefetchingStream(Shuffled([TinyText.Example("a", "?")]), TinyText.Encoder);
        using var prompt = ahead.Encoder.Encode(TinyText.Example("b", "other"));
        prompt.TokenIds.Should().Equal("other".Select(c => (int)c));
        ahead.Encoder.Decode(ahead.Encoder.EncodeAnswer("yes")).Should().Be("yes");
    }

    [Fact]
    public void A_position_that_is_refused_changes_nothing()
    {
        var examples = Enumerable.Range(0, 5).Select(i => TinyText.Example($"{i}", "?")).ToArray();
        using var ahead = new PrefetchingStream(Shuffled(examples), TinyText.Encoder);
        var straight = Shuffled(examples);
        ahead.Next(2);
        straight.Next(2);
        ahead.Invoking(a => a.Position = "{}").Should().Throw<InvalidDataException>();
        ahead.Next(6).Select(e => e.Id).Should().Equal(straight.Next(6).Select(e => e.Id));
    }

    private static ShuffledStream Shuffled(IReadOnlyList<VisionExample> rows) => new(new ListSource(rows, "list"), 7);

    private static VisionExample[] Drawn(int count)
        => [.. Enumerable.Range(0, count).Select(i => VisionExample.Ask($"{i}", "the thing", null, ImageSource.FromBytes(Pictures.WithRectangle(60 + i, 70, 1, 1, 20 + i, 30), $"{i}.png")))];

    private sealed class CountingDecoder : IImageDecoder
    {
        private int _decoded;

        public int Decoded => _decoded;

        public ConcurrentBag<int> Threads { get; } = [];

        public RgbImage Decode(ImageSource source)
        {
            Interlocked.Increment(ref _decoded);
            Threads.Add(Environment.CurrentManagedThreadId);
            return new SkiaImageDecoder().Decode(source);
        }
    }

    /// <summary>Rows 0, 1, 2, … until a bad one.</summary>
    private sealed class Failing(int bad) : IExampleStream
    {
        private int _next;

        public string Position
        {
            get => $"{_next}";
            set => _next = int.Parse(value);
        }

        public IReadOnlyList<VisionExample> Next(int count)
            => [.. Enumerable.Range(0, count).Select(_ => _next == bad ? throw new InvalidDataException($"rows.jsonl:{bad + 1} is bad") : TinyText.Example($"{_next++}", "?"))];
    }

    /// <summary>Rows 0, 1, 2, … of a source that cannot be reached some times at one of them, and has moved on when it says so.</summary>
    private sealed class Flaky(int bad, int failures) : IExampleStream
    {
        private int _next;

        public int Failed;

        public string Position
        {
            get => $"{_next}";
            set => _next = int.Parse(value);
        }

        public IReadOnlyList<VisionExample> Next(int count) => [.. Enumerable.Range(0, count).Select(_ => One())];

        private VisionExample One()
        {
            var row = _next++;
            return row == bad && Failed < failures ? throw new IOException($"connection lost ({++Failed})") : TinyText.Example($"{row}", "?");
        }
    }

    private sealed class Counting(IReadOnlyList<VisionExample> rows) : IExampleStream
    {
        public int Given;

        public string Position { get; set; } = "";

        public IReadOnlyList<VisionExample> Next(int count) => [.. Enumerable.Range(0, count).Select(_ => rows[Interlocked.Increment(ref Given) % rows.Count])];
    }
}
