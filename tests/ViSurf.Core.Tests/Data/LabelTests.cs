using System.Globalization;
using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>How labels are written, read and checked against their picture.</summary>
public sealed class LabelTests
{
    private static readonly GroundingTarget Two = new(
    [
        new GroundedObject(new Box(10, 100, 200.5, 210), new PixelPoint(30, 110)),
        new GroundedObject(new Box(225, 296, 706, 786), new PixelPoint(302, 410.25)),
    ]);

    [Fact]
    public void By_default_a_label_is_written_as_Python_writes_JSON_in_answer_tags()
        => new LabelFormat().Write(Two).Should().Be(
            """<answer>[{"bbox_2d": [10, 100, 200.5, 210], "point_2d": [30, 110]}, {"bbox_2d": [225, 296, 706, 786], "point_2d": [302, 410.25]}]</answer>""");

    [Fact]
    public void The_compact_form_has_no_blanks_and_the_bare_form_no_tags()
    {
        LabelFormat.Compact.Write(Two).Should().Be(
            """<answer>[{"bbox_2d":[10,100,200.5,210],"point_2d":[30,110]},{"bbox_2d":[225,296,706,786],"point_2d":[302,410.25]}]</answer>""");
        LabelFormat.Bare.Write(new GroundingTarget([])).Should().Be("[]");
    }

    [Fact]
    public void An_answer_in_words_is_written_as_it_stands()
    {
        new LabelFormat().Write(new TextTarget("a, b: c")).Should().Be("<answer>a, b: c</answer>");
        new LabelFormat { Prefix = "So: ", Suffix = "." }.Write(new TextTarget("7")).Should().Be("So: 7.");
    }

    [Fact]
    public void Numbers_are_written_with_a_point_wherever_the_program_runs()
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("de-DE");
            LabelFormat.Bare.Write(Two).Should().Contain("200.5").And.NotContain("200,5");
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void What_is_written_is_read_back_to_the_last_bit()
    {
        var numbers = Gen.OneOf(Gen.Int[0, 840].Select(i => (double)i), Gen.Double[0, 1e6], Gen.Double[1e-9, 1e-5], Gen.Double[1e15, 1e18]);
        Gen.Select(numbers.Array[6].Array[0, 4], Gen.OneOf(LabelFormat.Bare, LabelFormat.Compact with { Prefix = "", Suffix = "" })).Sample((rows, format) =>
        {
            var target = new GroundingTarget([.. rows.Select(n => new GroundedObject(new Box(n[0], n[1], n[2], n[3]), new PixelPoint(n[4], n[5])))]);
            GroundingTarget.Parse(format.Write(target)).Objects.Should().Equal(target.Objects);
        });
    }

    [Theory]
    [InlineData("the cup", "Expected a JSON list of objects with bbox_2d and point_2d, got something else at byte *")]
    [InlineData("""{"bbox_2d": [1, 2, 3, 4]}""", "Expected a JSON list of objects with bbox_2d and point_2d, got an object, "
        + "{\"bbox_2d\": [1, 2, 3, 4]}.")]
    [InlineData("[7]", "Expected object 0 to have \"bbox_2d\" with 4 numbers, got 7.")]
    [InlineData("""[{"bbox_2d": [1, 2, 3, 4], "point_2d": [1, 2]}, {"bbox_2d": [1, 2, 3], "point_2d": [1, 2]}]""", "Expected object 1 to have \"bbox_2d\" with 4 numbers, got {*[1, 2, 3]*")]
    [InlineData("""[{"bbox_2d": [1, 2, 3, "4"], "point_2d": [1, 2]}]""", "Expected object 0 to have \"bbox_2d\" with 4 numbers*")]
    [InlineData("""[{"bbox_2d": [1, 2, 3, 4], "point_2d": {"x": 1}}]""", "Expected object 0 to have \"point_2d\" with 2 numbers*")]
    [InlineData("""[{"bbox_2d": [1, 2, 3, 4], "\ud800": [1, 2]}]""", "Expected *")]
    public void A_label_that_is_no_such_list_says_what_is_wrong_with_which_object(string json, string message)
        => FluentActions.Invoking(() => GroundingTarget.Parse(json)).Should().Throw<FormatException>().WithMessage(message);

    [Theory]
    [InlineData(0, 0, 100, 50, 100, 50)]
    [InlineData(0, 0, 0, 0, 0, 0)]
    public void A_label_inside_its_picture_passes_edges_included(double x1, double y1, double x2, double y2, double x, double y)
        => Checking(new Box(x1, y1, x2, y2), new PixelPoint(x, y)).Should().NotThrow();

    [Theory]
    [InlineData(-1, 0, 10, 10, 5, 5)]
    [InlineData(0, -1, 10, 10, 5, 5)]
    [InlineData(0, 0, 101, 10, 5, 5)]
    [InlineData(0, 0, 10, 51, 5, 5)]
    [InlineData(10, 0, 5, 10, 5, 5)]
    [InlineData(0, 10, 10, 5, 5, 5)]
    [InlineData(0, 0, double.NaN, 10, 5, 5)]
    public void A_box_outside_its_picture_or_reversed_is_named(double x1, double y1, double x2, double y2, double x, double y)
        => Checking(new Box(x1, y1, x2, y2), new PixelPoint(x, y)).Should().Throw<InvalidDataException>()
            .WithMessage("Example 'row 3', object 1 of the label: expected [* inside picture 'a.png' of 100 × 50 pixels. "
                + "Convert the label*");

    [Theory]
    [InlineData(101, 5)]
    [InlineData(5, 51)]
    [InlineData(-1, 5)]
    [InlineData(5, double.NaN)]
    public void A_point_outside_its_picture_is_named(double x, double y)
        => Checking(new Box(0, 0, 10, 10), new PixelPoint(x, y)).Should().Throw<InvalidDataException>()
            .WithMessage("*object 1*expected [* inside picture 'a.png'*");

    [Fact]
    public void Labels_in_words_and_missing_labels_have_no_place_to_check()
    {
        foreach (var target in new Target?[] { new TextTarget("7"), null, new GroundingTarget([]) })
            FluentActions.Invoking(() => LabelCheck.Inside(VisionExample.Ask("a", "?", target), 1, 1)).Should().NotThrow();
        FluentActions.Invoking(() => LabelCheck.Inside(VisionExample.Ask("a", "?", null), 0, 1)).Should().Throw<ArgumentOutOfRangeException>();
    }

    private static Action Checking(Box box, PixelPoint point)
    {
        var target = new GroundingTarget([new GroundedObject(new Box(1, 1, 2, 2), new PixelPoint(1, 1)), new GroundedObject(box, point)]);
        return () => LabelCheck.Inside(VisionExample.Ask("row 3", "?", target, ImageSource.FromBytes(new byte[1], "a.png")), 100, 50);
    }
}
