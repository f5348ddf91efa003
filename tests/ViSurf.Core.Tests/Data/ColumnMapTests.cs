using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

public sealed class ColumnMapTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Fact]
    public void Columns_of_other_names_are_read_where_the_map_says()
    {
        File.WriteAllText(_folder.File("p.png"), "no picture");
        var columns = new ColumnMap
        {
            Id = ["key"], Question = ["prompt"], Images = ["pics"], Labels = [new LabelColumn("gt", LabelReaders.Text)],
            Width = "w", Height = "h", Source = "origin",
        };
        var row = Read("""{"key": "k", "prompt": "q", "pics": ["p.png"], "gt": "a", "w": 640, "h": 480.0, "origin": "set", "answer": "not this"}""", columns);
        (row.Id, row.Source, row.LabelFrame, row.Target).Should().Be(("k", "set", new FrameSize(640, 480), new TextTarget("a")));
        row.Images.Should().ContainSingle().Which.Path.Should().Be(_folder.File("p.png"));
        row.Turns[0].Parts[^1].Text.Should().Be("q");
        row.Place.Should().Be($"{_folder.File("rows.jsonl")}:1");
    }

    [Fact]
    public void Rows_without_ids_are_numbered_and_rows_without_pictures_need_no_column()
        => Read("""{"question": "q", "answer": "a"}""", new ColumnMap { Id = [], Images = [] }).Should().Match<VisionExample>(row => row.Id == "0" && row.Images.Count == 0);

    [Fact]
    public void The_source_is_the_file_unless_it_is_said()
        => Read("""{"id": 1, "images": [], "question": "q", "answer": "a"}""", new()).Source.Should().Be("rows");

    [Theory]
    [InlineData("""{"id": 1, "images": [], "text": "q", "answer": "a"}""", "*expected a question under \"problem\" or \"question\", found none; there are \"id\", \"images\", \"text\", \"answer\".*")]
    [InlineData("""{"id": 1, "images": [], "problem": "q", "answer": "a", "img_width": 5}""", "*expected a width and a height of the label's frame, found one of them alone.*")]
    [InlineData("""{"id": 1, "images": [], "problem": "q", "answer": "a", "img_width": 0.5, "img_height": 2}""", "*expected a whole number from 1 up under \"img_width\", got 0.5.")]
    public void A_column_that_is_missing_or_wrong_is_named_with_those_there_are(string row, string message)
        => FluentActions.Invoking(() => Read(row, new())).Should().Throw<InvalidDataException>().WithMessage(message);

    [Fact]
    public void A_width_that_was_asked_for_must_be_there()
        => FluentActions.Invoking(() => Read("""{"id": 1, "images": [], "problem": "q", "answer": "a"}""", new ColumnMap { Width = "w" }))
            .Should().Throw<InvalidDataException>().WithMessage("*under \"w\", found none; there are \"id\", \"images\", \"problem\", \"answer\"*");

    public void Dispose() => _folder.Dispose();

    private VisionExample Read(string row, ColumnMap columns)
    {
        File.WriteAllText(_folder.File("rows.jsonl"), row);
        return JsonLinesDataset.Load(_folder.File("rows.jsonl"), new RowOptions { Columns = columns }).Single();
    }
}
