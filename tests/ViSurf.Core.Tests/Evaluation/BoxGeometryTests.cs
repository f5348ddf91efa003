using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using Xunit;

namespace ViSurf.Core.Tests.Evaluation;

/// <summary>Areas of sets of boxes against counting unit squares.</summary>
public sealed class BoxGeometryTests
{
    private const int Side = 10;

    /// <summary>Corners on whole numbers, so that every area is a number of unit squares; some boxes are reversed or have no area.</summary>
    private static readonly Gen<Box[]> Boxes = Gen.Select(Gen.Int[0, Side], Gen.Int[0, Side], Gen.Int[0, Side], Gen.Int[0, Side])
        .Select(b => new Box(b.Item1, b.Item2, b.Item3, b.Item4)).Array[0, 6];

    [Fact]
    public void The_area_covered_is_the_number_of_squares_in_some_box()
        => Boxes.Sample(boxes => BoxGeometry.UnionArea(boxes).Should().Be(Squares(s => Covers(boxes, s))), iter: 2000);

    [Fact]
    public void Intersection_and_union_of_two_sets_are_the_squares_in_both_and_in_either()
        => Gen.Select(Boxes, Boxes).Sample((a, b) =>
        {
            var (both, either) = (Squares(s => Covers(a, s) && Covers(b, s)), Squares(s => Covers(a, s) || Covers(b, s)));
            BoxGeometry.Overlap(a, b).Should().Be((both, either));
            BoxGeometry.UnionIntersectionOverUnion(a, b).Should().Be(
                a.Length == 0 && b.Length == 0 ? 1 : either > 0 ? (double)both / either : 0);
        }, iter: 2000);

    [Fact]
    public void Two_boxes_overlap_by_the_squares_they_share()
        => Gen.Select(Boxes, Boxes).Where(t => t.Item1.Length > 0 && t.Item2.Length > 0).Sample((a, b) =>
        {
            var (both, either) = (Squares(s => Covers(a[..1], s) && Covers(b[..1], s)), Squares(s => Covers(a[..1], s) || Covers(b[..1], s)));
            a[0].IntersectionOverUnion(b[0]).Should().Be(either > 0 ? (double)both / either : 0);
            a[0].Area.Should().Be(Squares(s => Covers(a[..1], s)));
        });

    [Fact]
    public void The_order_of_the_boxes_does_not_matter_even_off_whole_numbers()
        => Gen.Select(Gen.Select(Gen.Double[0, 9], Gen.Double[0, 9], Gen.Double[0, 3], Gen.Double[0, 3]).Array[1, 8], Gen.Int).Sample((corners, seed) =>
        {
            var boxes = corners.Select(c => new Box(c.Item1, c.Item2, c.Item1 + c.Item3, c.Item2 + c.Item4)).ToArray();
            var shuffled = boxes.ToArray();
            new Random(seed).Shuffle(shuffled);
            BoxGeometry.UnionArea(shuffled).Should().BeApproximately(BoxGeometry.UnionArea(boxes), 1e-9);
        });

    [Fact]
    public void A_huge_box_does_not_swallow_the_digits_of_a_small_one()
    {   // The small box lies inside: intersection 1, although 1e18 + 1 − 1e18 is 0 in double precision.
        var (intersection, union) = BoxGeometry.Overlap([new Box(0, 0, 1e9, 1e9)], [new Box(5, 5, 6, 6)]);
        (intersection, union).Should().Be((1, 1e18));
    }

    [Fact]
    public void Merging_is_the_box_around_all()
    {
        BoxGeometry.Merge([new Box(5, 1, 6, 2), new Box(0, 8, 3, 9)]).Should().Be(new Box(0, 1, 6, 9));
        FluentActions.Invoking(() => BoxGeometry.Merge([])).Should().Throw<ArgumentException>().WithMessage("Expected at least one box to merge, got none.*");
    }

    [Theory]
    [InlineData(1, 2, true)]
    [InlineData(3, 4, true)]
    [InlineData(0.99, 3, false)]
    [InlineData(3.01, 3, false)]
    [InlineData(2, 1.99, false)]
    [InlineData(2, 4.01, false)]
    public void A_box_contains_its_edges(double x, double y, bool inside)
        => BoxGeometry.Contains(new Box(1, 2, 3, 4), new PixelPoint(x, y)).Should().Be(inside);

    private static bool Covers(Box[] boxes, (int X, int Y) square)
        => Array.Exists(boxes, b => b.X1 <= square.X && square.X + 1 <= b.X2 && b.Y1 <= square.Y && square.Y + 1 <= b.Y2);

    private static int Squares(Func<(int X, int Y), bool> inside)
        => Enumerable.Range(0, Side * Side).Count(i => inside((i % Side, i / Side)));
}
