using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>Every way in which a row can be wrong: the message gives file, line, id where there is one, and what was expected.</summary>
public sealed class JsonLinesErrorTests : IDisposable
{
    private const string Good = """{"id": "good", "images": [], "problem": "?", "answer": "x"}""";
    private readonly TemporaryDirectory _folder = new();

    [Theory]
    [InlineData("not JSON", "expected one JSON object per line, got something else at byte *")]
    [InlineData("""{"id": 1} {"id": 2}""", "expected one JSON object per line, got something else at byte *")]
    [InlineData("[1]", "expected one JSON object per line, got a list, [1].")]
    [InlineData("""{"images": [], "problem": "?", "answer": "x"}""", "expected a text or a number under \"id\", found none. Give every row its own id, or set ColumnMap.Id to [] to have rows numbered.")]
    [InlineData("""{"id": " ", "images": [], "problem": "?", "answer": "x"}""", "expected a text or a number under \"id\"*")]
    [InlineData("""{"id": true, "images": [], "problem": "?", "answer": "x"}""", "expected a text or a number under \"id\"*")]
    public void A_line_that_is_no_row_is_named_by_file_and_line(string line, string message)
        => Loading(line).WithMessage($"{Path}:3: {message}");

    [Theory]
    [InlineData("""  "images": [], "answer": "x"   """, "expected a question under \"problem\" or \"question\", found none; there are \"id\", \"images\", \"answer\". Add it, or name its column in ColumnMap.")]
    [InlineData("""  "images": [], "problem": "\n", "answer": "x"   """, "expected a question under*")]
    [InlineData("""  "images": [], "problem": "\ud800", "answer": "x"   """, "expected valid Unicode text, got half of a surrogate pair*")]
    [InlineData("""  "images": [], "problem": ["?"], "answer": "x"   """, "expected a text under \"problem\", got a list, [\"?\"].")]
    [InlineData("""  "problem": "?", "answer": "x"   """, "expected a path or a list of paths under \"images\" or \"image\", found neither. A row without pictures says so with \"images\": [].")]
    [InlineData("""  "images": null, "problem": "?", "answer": "x"   """, "expected a path or a list of paths under*")]
    [InlineData("""  "image": {"path": "a.png"}, "problem": "?", "answer": "x"   """, "expected every image to be a path*")]
    [InlineData("""  "images": [1], "problem": "?", "answer": "x"   """, "expected every image to be a path, got a blank or something that is not a text.")]
    [InlineData("""  "image": "", "problem": "?", "answer": "x"   """, "expected every image to be a path*")]
    [InlineData("""  "image": "none.png", "problem": "?", "answer": "x"   """, "expected the picture 'none.png' at '*none.png', found no such file.")]
    [InlineData("""  "images": [], "problem": "?"   """, "expected a label under \"solution\" or \"answer\" or *, found none; there are \"id\", \"images\", \"problem\". Add it, or name its column in ColumnMap, or load with RequireLabel = false.")]
    [InlineData("""  "images": [], "problem": "?", "answer": null   """, "expected a label under*")]
    [InlineData("""  "images": [], "problem": "?", "answer": "x", "solution": []   """, "expected one label, found \"solution\" and \"answer\". Remove one, or say in ColumnMap.Labels which counts.")]
    [InlineData("""  "images": [], "problem": "?", "answer": " "   """, "bad \"answer\". Expected a text or a number, got the text \" \".")]
    [InlineData("""  "images": [], "problem": "?", "answer": true   """, "bad \"answer\". Expected a text or a number, got true.")]
    [InlineData("""  "images": [], "problem": "?", "answer": {"a": 1}   """, "bad \"answer\". Expected a text or a number, "
        + "got an object, {\"a\": 1}.")]
    [InlineData("""  "images": [], "problem": "?", "solution": "the cup"   """, "bad \"solution\". "
        + "Expected a JSON list of objects with bbox_2d and point_2d, "
        + "got something else at byte * A label in words goes under \"answer\".")]
    [InlineData("""  "images": [], "problem": "?", "solution": 7   """, "bad \"solution\". "
        + "Expected a JSON list of objects with bbox_2d and point_2d, got the number 7. A label in words goes under \"answer\".")]
    [InlineData("""  "images": [], "problem": "?", "solution": [{"bbox_2d": [1, 2, 3, 4]}]   """, "bad \"solution\". Expected object 0 to have \"point_2d\" with 2 numbers, got {\"bbox_2d\": [1, 2, 3, 4]}.*")]
    [InlineData("""  "images": [], "problem": "?", "solution": [{"bbox_2d": [1, 2, -3, 4], "point_2d": [1, 1]}]   """, "bad \"solution\". Expected coordinates from 0 up in object 0, got *-3*They are pixels of the picture.")]
    [InlineData("""  "images": [], "problem": "?", "solution": [{"bbox_2d": [1, 2, 3, 4], "point_2d": [1, 1e999]}]   """, "bad \"solution\". Expected coordinates from 0 up in object 0*")]
    [InlineData("""  "images": [], "problem": "?", "solution": [{"bbox_2d": [50, 60, 20, 30], "point_2d": [1, 1]}]   """, "bad \"solution\". Expected x1 <= x2 and y1 <= y2 in object 0, got *50*The box is reversed, or its last two numbers are a width and a height.")]
    public void A_row_that_is_wrong_is_named_by_file_line_and_id(string members, string message)
        => Loading($$"""{"id": "r9", {{members.Trim()}}}""").WithMessage($"{Path}:3 (id 'r9'): {message}");

    [Fact]
    public void An_id_that_comes_twice_names_both_lines()
        => Loading(Good).WithMessage($"{Path}:3 (id 'good'): expected every id once, but line 1 has it too. Rename or remove one row.");

    [Fact]
    public void An_id_given_as_number_and_as_text_is_the_same_id()
    {
        var rows = new[] { """{"id": 1, "images": [], "problem": "?", "answer": "x"}""", """{"id": "1", "images": [], "problem": "?", "answer": "x"}""" };
        File.WriteAllLines(Path, rows);
        FluentActions.Invoking(() => JsonLinesDataset.Load(Path)).Should().Throw<InvalidDataException>().WithMessage("*:2 (id '1'): expected every id once*");
    }

    [Fact]
    public void A_long_value_is_quoted_in_part()
        => Loading($$"""{"id": "r9", "images": [], "problem": ["{{new string('x', 500)}}"], "answer": "x"}""")
            .Which.Message.Length.Should().BeLessThan(Path.Length + 150);

    [Fact]
    public void Bytes_that_are_not_UTF8_are_an_error_of_the_file()
    {
        File.WriteAllBytes(Path, [.. "{\"id\": \""u8, 0xE9, .. "\"}"u8]); // é in Latin-1
        FluentActions.Invoking(() => JsonLinesDataset.Load(Path)).Should().Throw<InvalidDataException>()
            .WithMessage($"{Path}:1: expected UTF-8 text, found other bytes. Convert the file.");
    }

    [Fact]
    public void An_exception_of_the_template_is_not_taken_for_bad_text()
    {
        File.WriteAllLines(Path, [Good]);
        var options = new RowOptions { Prompt = _ => throw new InvalidOperationException("my template") };
        FluentActions.Invoking(() => JsonLinesDataset.Load(Path, options)).Should().Throw<InvalidOperationException>().WithMessage("my template");
    }

    [Theory]
    [InlineData("""{"id": null, "images": [], "problem": "?", "answer": "x"}""", "Give every row its own id.")]
    [InlineData("""{"id": 1, "images": [], "answer": "x"}""", "Add it, or name its column in data.train[0].columns.")]
    [InlineData("""{"id": 1, "images": [], "problem": "?"}""", "Add it, or name its column in data.train[0].columns.")]
    [InlineData("""{"id": 1, "images": [], "problem": "?", "answer": "x", "solution": []}""", "Remove one, or say in data.train[0].columns which counts.")]
    public void A_program_with_settings_of_its_own_advises_with_their_keys(string row, string advice)
    {
        File.WriteAllLines(Path, [row]);
        var load = () => JsonLinesDataset.Load(Path, new RowOptions { Advice = new RowAdvice("data.train[0].columns", "data.train[0].columns") });
        load.Should().Throw<InvalidDataException>().Which.Message.Should().EndWith(advice).And.NotContainAny(nameof(ColumnMap), nameof(RowOptions.RequireLabel));
    }

    public void Dispose() => _folder.Dispose();

    private string Path => _folder.File("rows.jsonl");

    /// <summary>The line comes third, after a good row and a blank line.</summary>
    private FluentAssertions.Specialized.ExceptionAssertions<InvalidDataException> Loading(string line)
    {
        File.WriteAllLines(Path, [Good, "", line]);
        return FluentActions.Invoking(() => JsonLinesDataset.Load(Path)).Should().Throw<InvalidDataException>();
    }
}
