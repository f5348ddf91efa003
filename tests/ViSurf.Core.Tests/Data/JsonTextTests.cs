using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>Labels are written as <c>json.dumps(…, ensure_ascii=False)</c> writes them; the right values are Python 3.11's.</summary>
public sealed class JsonTextTests
{
    public static TheoryData<string> Folders() => [.. Cases.Of("41-")];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_class_name_is_written_as_Python_writes_it(string folder)
    {
        foreach (var file in Directory.GetFiles(Cases.PathOf(folder), "*.json"))
        {
            using var cases = JsonDocument.Parse(File.ReadAllBytes(file));
            foreach (var label in cases.RootElement.EnumerateArray())
                LabelFormat.Bare.Write(Named(label.GetProperty("label").GetString()!)).Should().Be(label.GetProperty("right").GetString());
        }
    }

    [Fact]
    public void Control_characters_quotes_and_backslashes_are_escaped_and_nothing_else()
    {
        var below = string.Concat(Enumerable.Range(0, 0x20).Select(c => (char)c));
        JsonText.Quote(below).Should().Be(
            """
            "\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"
            """);
        var rest = string.Concat(Enumerable.Range(0x20, 0x10000 - 0x20).Select(c => (char)c).Where(c => c is not ('"' or '\\')));
        JsonText.Quote(rest).Should().Be($"\"{rest}\"", "halves of surrogate pairs, U+FFFE, U+2028, U+007F, '<', '&' and '/' included");
        JsonText.Quote("\"\\").Should().Be("""
            "\"\\"
            """);
    }

    [Theory]
    [InlineData(1e-07, "1e-07")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00012345, "0.00012345")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(1.25e-300, "1.25e-300")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(0.1, "0.1")]
    [InlineData(-0.3, "-0.3")]
    [InlineData(100, "100.0")]
    [InlineData(0.0, "0.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(123456.789, "123456.789")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(1234567890123456.5, "1234567890123456.5")]
    [InlineData(9007199254740993.0, "9007199254740992.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(1.2345678901234568e17, "1.2345678901234568e+17")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "Infinity")]
    [InlineData(double.NegativeInfinity, "-Infinity")]
    public void A_float_is_written_as_Python_writes_it(double number, string right) => JsonText.Float(number).Should().Be(right);

    [Theory]
    [InlineData(840, "840")]
    [InlineData(-0.0, "0")]
    [InlineData(0.5, "0.5")]
    [InlineData(0.00005, "5e-05")]
    [InlineData(1e15, "1000000000000000")]
    [InlineData(1e17, "1e+17")]
    public void A_coordinate_that_is_whole_is_written_as_an_int(double number, string right) => JsonText.Number(number).Should().Be(right);

    [Fact]
    public void Keys_and_every_kind_of_label_are_written_so()
    {
        var form = new DetectionForm("\"box\u00A0", "naïve😀", null);
        LabelFormat.Bare.Write(new DetectionTarget([new LabelledBox(new Box(1e-5, 2, 3, 4), "a")]) { Form = form })
            .Should().Be("[{\"\\\"box\u00A0\": [1e-05, 2, 3, 4], \"naïve😀\": \"a\"}]");
        LabelFormat.Bare.Write(new SegZeroTarget(new Box(1e-5, 2, 3, 4), new PixelPoint(5, 1e-6), new PixelPoint(7.5, 8)))
            .Should().Be("""{"bbox": [1e-05, 2, 3, 4], "points_1": [5, 1e-06], "points_2": [7.5, 8]}""");
        LabelFormat.Bare.Write(new GuiActionTarget("type", new PixelPoint(-0.4, 7.6), Text: "👋\u2028\t"))
            .Should().Be("[{\"action\": \"type\", \"point\": [0, 8], \"input_text\": \"👋\u2028\\t\"}]");
        LabelFormat.Bare.Write(new GroundingTarget([new GroundedObject(new Box(1e-7, 0, 1e16, 1), new PixelPoint(0.25, 1))]))
            .Should().Be("""[{"bbox_2d": [1e-07, 0, 1e+16, 1], "point_2d": [0.25, 1]}]""");
    }

    private static DetectionTarget Named(string label) => new([new LabelledBox(new Box(1, 2, 3, 4), label)]);
}
