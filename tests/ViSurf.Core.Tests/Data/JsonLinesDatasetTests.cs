using System.Text;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

public sealed class JsonLinesDatasetTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public JsonLinesDatasetTests()
    {
        // Loading looks whether a picture is there, and does not open it.
        File.WriteAllText(_folder.File("a.png"), "no picture");
        Directory.CreateDirectory(_folder.File("more"));
        File.WriteAllText(_folder.File("more/b.png"), "no picture");
    }

    [Fact]
    public void A_row_becomes_pictures_question_and_label()
    {
        var row = Load("""{"id": "r1", "image": "a.png", "problem": "the cup", "solution": [{"bbox_2d": [1, 2, 3, 4], "point_2d": [2, 3]}], "more": 1}""").Single();
        row.Id.Should().Be("r1");
        row.Images.Select(i => i.Path).Should().Equal(_folder.File("a.png"));
        row.Turns.Should().ContainSingle().Which.Role.Should().Be("user");
        row.Turns[0].Parts.Select(p => p.Text).Should().Equal(null, "the cup");
        row.Target.Should().BeOfType<GroundingTarget>().Which.Objects.Should().Equal(new GroundedObject(new Box(1, 2, 3, 4), new PixelPoint(2, 3)));
    }

    [Fact]
    public void A_solution_may_be_JSON_text_and_an_answer_a_text_or_a_number_as_written()
    {
        var rows = Load(
            """{"id": 1, "image": "a.png", "problem": "?", "solution": "[{\"bbox_2d\": [1, 2, 3, 4], \"point_2d\": [2, 3]}]"}""",
            """{"id": 2, "image": "a.png", "question": "?", "solution": []}""",
            """{"id": 3, "image": "a.png", "question": "?", "answer": "seven", "solution": null}""",
            """{"id": 4, "image": "a.png", "question": "?", "answer": 7.50}""");
        rows[0].Target.Should().BeOfType<GroundingTarget>().Which.Objects.Should().HaveCount(1);
        rows[1].Target.Should().BeOfType<GroundingTarget>().Which.Objects.Should().BeEmpty();
        rows[2].Target.Should().Be(new TextTarget("seven"));
        rows[3].Target.Should().Be(new TextTarget("7.50"));
        rows.Select(r => r.Id).Should().Equal("1", "2", "3", "4");
    }

    [Fact]
    public void Pictures_come_in_order_relative_to_the_file_and_there_may_be_none()
    {
        var rows = Load(
            """{"id": 1, "images": ["more/b.png", "a.png"], "problem": "which?", "answer": "a"}""",
            """{"id": 2, "images": [], "problem": "2 + 5?", "answer": 7}""");
        rows[0].Images.Select(i => i.Path).Should().Equal(_folder.File("more/b.png"), _folder.File("a.png"));
        rows[0].Turns[0].Parts.Select(p => p.IsImage).Should().Equal(true, true, false);
        rows[1].Images.Should().BeEmpty();
    }

    [Fact]
    public void Blank_lines_and_a_byte_order_mark_are_passed_over()
    {
        var path = _folder.File("rows.jsonl");
        File.WriteAllText(path, "\n  \n" + Row("1") + "\n\n" + Row("2") + "\r\n" + Row("3"), new UTF8Encoding(true));
        JsonLinesDataset.Load(path).Select(r => r.Id).Should().Equal("1", "2", "3");
    }

    [Fact]
    public void An_empty_file_is_a_data_set_without_rows()
        => Load("").Count.Should().Be(0);

    [Fact]
    public void Questions_go_through_the_template_and_a_system_message_comes_first()
    {
        var path = Write(Row("1"));
        var row = JsonLinesDataset.Load(path, new RowOptions { Prompt = q => $"Q: {q}", SystemMessage = "Be brief." }).Single();
        row.Turns.Select(t => t.Role).Should().Equal("system", "user");
        row.Turns[0].Parts.Single().Text.Should().Be("Be brief.");
        row.Turns[1].Parts[^1].Text.Should().Be("Q: ?");
    }

    [Fact]
    public void Rows_without_label_are_for_predicting_and_have_to_be_asked_for()
    {
        var path = Write("""{"id": 1, "image": "a.png", "problem": "?"}""");
        JsonLinesDataset.Load(path, new RowOptions { RequireLabel = false }).Single().Target.Should().BeNull();
        FluentActions.Invoking(() => JsonLinesDataset.Load(path)).Should().Throw<InvalidDataException>()
            .WithMessage($"{path}:1 (id '1'): expected a label*Add it, *or load with RequireLabel = false.");
    }

    [Fact]
    public void A_missing_file_is_named()
        => FluentActions.Invoking(() => JsonLinesDataset.Load(_folder.File("none.jsonl"))).Should().Throw<FileNotFoundException>()
            .WithMessage($"Expected a data set at '{_folder.File("none.jsonl")}', found no such file.");

    public void Dispose() => _folder.Dispose();

    private static string Row(string id) => $$"""{"id": "{{id}}", "image": "a.png", "problem": "?", "answer": "x"}""";

    private JsonLinesDataset Load(params string[] lines) => JsonLinesDataset.Load(Write(lines));

    private string Write(params string[] lines)
    {
        File.WriteAllLines(_folder.File("rows.jsonl"), lines);
        return _folder.File("rows.jsonl");
    }
}
