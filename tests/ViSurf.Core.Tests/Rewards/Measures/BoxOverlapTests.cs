using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Rewards.Measures;

public sealed class BoxOverlapTests
{
    /// <summary>Whole coordinates, so that pixels can be counted.</summary>
    internal static readonly Gen<Box> WholeBoxes = Gen.Select(Gen.Int[0, 12], Gen.Int[0, 12], Gen.Int[1, 8], Gen.Int[1, 8], (x, y, w, h) => new Box(x, y, x + w, y + h));

    private static readonly Gen<double> Odd = Gen.OneOf(Gen.Double[-1e3, 1e3], Pick.From(double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, -1e308, 0, 1e-320));

    private static readonly Gen<Box> OddBoxes = Gen.Select(Odd, Odd, Odd, Odd, (a, b, c, d) => new Box(a, b, c, d));

    [Theory]
    [InlineData(PixelConvention.Continuous, 0)]
    [InlineData(PixelConvention.Inclusive, 1)]
    public void Both_conventions_are_counts_of_pixels(PixelConvention convention, int edge)
        => Gen.Select(WholeBoxes, WholeBoxes).Sample((a, b) =>
        {
            var (both, any, hull) = (0, 0, 0);
            for (var x = 0; x < 30; x++)
                for (var y = 0; y < 30; y++)
                {
                    var (inA, inB) = (Holds(a, x, y, edge), Holds(b, x, y, edge));
                    if (inA && inB) both++;
                    if (inA || inB) any++;
                    if (Holds(new Box(Math.Min(a.X1, b.X1), Math.Min(a.Y1, b.Y1), Math.Max(a.X2, b.X2), Math.Max(a.Y2, b.Y2)), x, y, edge)) hull++;
                }
            BoxOverlap.IoU(a, b, convention).Should().BeApproximately((double)both / any, 1e-12);
            BoxOverlap.GeneralizedIoU(a, b, convention).Should().BeApproximately((double)both / any - (double)(hull - any) / hull, 1e-12);
        }, iter: 500);

    [Fact]
    public void Any_numbers_give_a_finite_symmetric_value_in_range()
        => Gen.Select(OddBoxes, OddBoxes, Gen.Enum<PixelConvention>()).Sample((a, b, convention) =>
        {
            BoxOverlap.IoU(a, b, convention).Should().BeInRange(0, 1).And.Be(BoxOverlap.IoU(b, a, convention));
            BoxOverlap.GeneralizedIoU(a, b, convention).Should().BeInRange(-1, 1).And.Be(BoxOverlap.GeneralizedIoU(b, a, convention));
        }, iter: 20_000);

    [Fact]
    public void Generalised_IoU_is_at_most_IoU_and_falls_with_the_distance()
    {
        Gen.Select(WholeBoxes, WholeBoxes).Sample((a, b) => BoxOverlap.GeneralizedIoU(a, b).Should().BeLessThanOrEqualTo(BoxOverlap.IoU(a, b) + 1e-12));
        // Squares of side 1 with a gap g: hull 2 + g, union 2 → −g / (2 + g).
        foreach (var gap in new[] { 0.0, 1, 2, 6 }) BoxOverlap.GeneralizedIoU(new Box(0, 0, 1, 1), new Box(1 + gap, 0, 2 + gap, 1)).Should().BeApproximately(-gap / (2 + gap), 1e-12);
    }

    /// <summary>Pixel (x, y) lies in the box; with edge 1 the last row and column belong to it.</summary>
    private static bool Holds(Box box, int x, int y, int edge) => x >= box.X1 && x < box.X2 + edge && y >= box.Y1 && y < box.Y2 + edge;
}
