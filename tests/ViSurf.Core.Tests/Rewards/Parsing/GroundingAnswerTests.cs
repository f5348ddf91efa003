using System.Text.Json;
using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Parsing;
using Xunit;

namespace ViSurf.Core.Tests.Rewards.Parsing;

public sealed class GroundingAnswerTests
{
    private const string Good = """{"bbox_2d": [1, 2, 3, 4], "point_2d": [5, 6]}""";

    /// <summary>Pieces that make valid JSON now and then, and broken JSON most of the time.</summary>
    private static readonly string[] Pieces =
    [
        "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u00e9", "\\n", "/", " ", "\n", "\t", "\u0001", "0", "1", "12", "-", "+", ".", "e", "E5",
        "true", "false", "null", "nul", "\"bbox_2d\"", "\"point_2d\"", "'", "\u00a0", "\u00e9", Good, "[1, 2, 3, 4]", "[5, 6]", "{}", "[]", "\"\"",
    ];

    [Fact]
    public void A_list_is_read_exactly_when_another_JSON_reader_reads_it()
    {   // Valid lists with up to three pieces put in, or written over what was there.
        var edits = Gen.Select(Gen.Int[0, 200], Gen.Int[0, 3], Gen.OneOf(Pieces)).Array[0, 3];
        var readable = 0;
        Gen.Select(Values(3).Array[0, 4], edits).Sample((elements, changes) =>
        {
            var text = "[" + string.Join(", ", elements) + "]";
            foreach (var (place, length, piece) in changes)
            {
                var at = place % (text.Length + 1);
                text = text[..at] + piece + text[Math.Min(text.Length, at + length)..];
            }
            var expected = CountWithSystemTextJson(text);
            if (expected is not null) readable++;
            (GroundingAnswer.Parse(text)?.Count).Should().Be(expected, text);
        }, iter: 20_000, threads: 1);
        readable.Should().BeInRange(2_000, 18_000, "both verdicts should have been compared");
    }

    [Theory]
    [InlineData("[NaN, Infinity, -Infinity]", 3)]
    [InlineData("[1e400]", 1)]
    [InlineData("""["\ud800"]""", 1)]
    [InlineData("[-NaN]", null)]
    [InlineData("[infinity]", null)]
    [InlineData("[Infinit]", null)]
    public void What_Python_reads_beyond_the_standard_is_read_and_no_more(string text, int? count)
        => (GroundingAnswer.Parse(text)?.Count).Should().Be(count);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("\"[]\"")]
    [InlineData("""{"bbox_2d": [1, 2, 3, 4], "point_2d": [5, 6]}""")]
    public void Anything_but_a_list_is_no_answer(string text)
        => GroundingAnswer.Parse(text).Should().BeNull();

    [Fact]
    public void Nesting_and_digits_end_where_they_end_in_Python()
    {
        GroundingAnswer.Parse(Nested(900))!.Count.Should().Be(1);
        GroundingAnswer.Parse(Nested(1100)).Should().BeNull();
        GroundingAnswer.Parse($"[{new string('1', 4300)}]")!.Count.Should().Be(1);
        GroundingAnswer.Parse($"[{new string('1', 4301)}]").Should().BeNull();
        GroundingAnswer.Parse($"[{new string('1', 4301)}.5]")!.Count.Should().Be(1, "only integers have that limit");

        static string Nested(int depth) => new string('[', depth) + new string(']', depth);
    }

    [Fact]
    public void Numbers_come_out_as_written()
        => Objects($$"""[{"bbox_2d": [1, -2.5, 3e2, true], "point_2d": [false, 1E-1]}]""")
            .Should().Equal(new GroundedObject(new Box(1, -2.5, 300, 1), new PixelPoint(0, 0.1)));

    [Fact]
    public void Other_keys_are_ignored_and_of_equal_keys_the_last_counts()
        => Objects("""[{"label": {"bbox_2d": [9]}, "bbox_2d": 1, "point_2d": [7, 8], "bbox_2d": [1, 2, 3, 4], "p": [[]], "\u0070oint_2d": [5, 6]}]""")
            .Should().Equal(new GroundedObject(new Box(1, 2, 3, 4), new PixelPoint(5, 6)));

    [Theory]
    [InlineData("""{"bbox_2d": [1, 2, 3], "point_2d": [5, 6]}""")]
    [InlineData("""{"bbox_2d": [1, 2, 3, 4, 5], "point_2d": [5, 6]}""")]
    [InlineData("""{"bbox_2d": [1, 2, 3, "4"], "point_2d": [5, 6]}""")]
    [InlineData("""{"bbox_2d": [1, 2, 3, null], "point_2d": [5, 6]}""")]
    [InlineData("""{"bbox_2d": [1, 2, 3, [4]], "point_2d": [5, 6]}""")]
    [InlineData("""{"bbox_2d": [1, 2, 3, 4], "point_2d": {"x": 5}}""")]
    [InlineData("""{"bbox_2d": [1, 2, 3, 4]}""")]
    [InlineData("""{"point_2d": [5, 6]}""")]
    [InlineData("[1, 2, 3, 4]")]
    [InlineData("7")]
    public void One_bad_element_makes_the_objects_unreadable(string bad)
    {
        GroundingAnswer.Parse($"[{Good}, {bad}]")!.Objects().Should().BeNull();
        GroundingAnswer.Parse($"[{bad}, {Good}]")!.Objects().Should().BeNull();
    }

    [Fact]
    public void Numbers_beyond_the_limit_are_not_looked_at_but_keys_are()
    {
        GroundingAnswer.Parse($$"""[{{Good}}, {"bbox_2d": [], "point_2d": []}]""")!.Objects(1).Should().HaveCount(1);
        GroundingAnswer.Parse($"[{Good}, {{}}]")!.Objects(1).Should().BeNull("the reference reads all keys before it cuts the list");
    }

    /// <summary>JSON values as text, <paramref name="depth"/> levels deep at most.</summary>
    private static Gen<string> Values(int depth)
    {
        var scalars = Gen.OneOf("0", "-1.5e+3", "12", "true", "false", "null", "\"\"", "\"a\\n\\u00e9\\\"\"", "\"bbox_2d\"", Good);
        if (depth == 0) return scalars;
        var inner = Values(depth - 1);
        return Gen.OneOf(
            scalars,
            inner.Array[0, 3].Select(values => $"[{string.Join(",", values)}]"),
            inner.Array[0, 3].Select(values => $"{{{string.Join(" , ", values.Select((v, i) => $"\"k{i}\" : {v}"))}}}"));
    }

    private static int? CountWithSystemTextJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement.GetArrayLength() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IReadOnlyList<GroundedObject>? Objects(string json) => GroundingAnswer.Parse(json)!.Objects();
}
