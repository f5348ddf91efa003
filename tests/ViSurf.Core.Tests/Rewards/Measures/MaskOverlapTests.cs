using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using Xunit;

namespace ViSurf.Core.Tests.Rewards.Measures;

/// <summary>Run lengths against bitmaps.</summary>
public sealed class MaskOverlapTests
{
    private static readonly Gen<(bool[,] A, bool[,] B)> Pairs = Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9]).SelectMany((h, w) =>
        Gen.Select(Gen.OneOf(Gen.Bool.Array2D[h, w], Gen.Const(new bool[h, w])), Gen.Bool.Array2D[h, w], (a, b) => (a, b)));

    [Fact]
    public void Overlap_of_runs_is_overlap_of_pixels()
        => Pairs.Sample(pair =>
        {
            var (a, b) = (RunLengthMask.FromPixels(pair.A), RunLengthMask.FromPixels(pair.B));
            var pixels = pair.A.Cast<bool>().Zip(pair.B.Cast<bool>()).ToArray();
            var (both, any) = (pixels.Count(p => p.First && p.Second), pixels.Count(p => p.First || p.Second));
            MaskOverlap.IoU(a, b).Should().Be(any == 0 ? 1 : (double)both / any).And.Be(MaskOverlap.IoU(b, a));
            a.Area.Should().Be(pixels.Count(p => p.First));
            MaskOverlap.IoU(a, a).Should().Be(1);
        });

    [Fact]
    public void Compressed_text_gives_the_runs_back()
        => Gen.Int[0, 40_000].Select(n => (long)n).Array[1, 30].Sample(counts =>
        {
            var mask = new RunLengthMask((int)Math.Max(1, counts.Sum()), 1, counts.Sum() == 0 ? [1] : counts);
            RunLengthMask.Decompress(mask.Compress()).Should().Equal(mask.Counts);
        });

    [Theory]
    // COCO's coder by hand: six bits a character from '0' on, the sixth saying that more follow; 11 = 01011 → 11 + 48 = ';'.
    [InlineData("05;", new long[] { 0, 5, 11 })]
    // 20 = 10100 has its sign bit set, so a second group of zeros follows: 20 + 32 + 48 = 'd', then '0'.
    [InlineData("d0", new long[] { 20 })]
    // The fourth run is a difference to the second: 5 − 2 = 3, −2 = 11110 without more → 30 + 48 = 'N'.
    [InlineData("05;N", new long[] { 0, 5, 11, 3 })]
    public void Known_texts(string text, long[] counts) => RunLengthMask.Decompress(text).Should().Equal(counts);

    [Theory]
    [InlineData("d")] // more was promised
    [InlineData("\u007f")]
    [InlineData("N")] // a negative run
    [InlineData("oooooooooooooooooooo0")] // a number of a hundred bits
    public void Malformed_texts_are_no_runs(string text) => RunLengthMask.Decompress(text).Should().BeNull();

    [Fact]
    public void Runs_that_do_not_fill_the_picture_are_named()
    {
        FluentActions.Invoking(() => new RunLengthMask(2, 3, [1, 2])).Should().Throw<InvalidDataException>().WithMessage("Expected runs that fill 2 × 3 = 6 pixels, got 3.");
        FluentActions.Invoking(() => new RunLengthMask(2, 3, [7, -1])).Should().Throw<InvalidDataException>();
        FluentActions.Invoking(() => new RunLengthMask(0, 3, [])).Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void Pictures_of_other_sizes_do_not_overlap()
        => MaskOverlap.IoU(new RunLengthMask(2, 3, [0, 6]), new RunLengthMask(3, 2, [0, 6])).Should().Be(0);
}
