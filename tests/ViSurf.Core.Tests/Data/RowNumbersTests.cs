using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>Rows without ids, as most published sets have them: their ids are their numbers, the same in every run.</summary>
public sealed class RowNumbersTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Fact]
    public void A_file_without_a_column_of_ids_has_its_rows_numbered_from_0()
    {
        Write("a.jsonl", Row("x"), "", Row("y"));
        JsonLinesDataset.Load(_folder.File("a.jsonl")).Select(r => r.Id).Should().Equal("0", "1");
        using var source = JsonLinesSource.Open(_folder.File("a.jsonl"));
        source.Read(0).Reverse().Select(r => r.Id).Should().Equal("1", "0");
    }

    [Fact]
    public void A_row_that_lost_its_id_is_no_row_without_ids()
    {
        Write("a.jsonl", """{"id": "7", "images": [], "problem": "q", "answer": "a"}""", Row("x"));
        Load("a.jsonl").Should().Throw<InvalidDataException>().WithMessage("*a.jsonl:2: expected a text or a number under \"id\", "
            + "found none. Give every row its own id, or set ColumnMap.Id to [] to have rows numbered.");
        Write("b.jsonl", Row("x"), """{"id": "7", "images": [], "problem": "q", "answer": "a"}""");
        Load("b.jsonl").Should().Throw<InvalidDataException>().WithMessage("*b.jsonl:2: expected no id, as the first row has none, "
            + "got the text \"7\" under \"id\". Give every row its own id, or none.");
    }

    [Fact]
    public void A_column_that_was_named_must_be_there()
    {
        Write("a.jsonl", Row("x"));
        Load("a.jsonl", new ColumnMap { Id = ["key"] }).Should().Throw<InvalidDataException>().WithMessage("*under \"key\", found "
            + "none*set ColumnMap.Id to []*");
        Load("a.jsonl", new ColumnMap { Id = [] }).Should().NotThrow();
    }

    [Fact]
    public void Shards_are_numbered_through_and_in_a_mix_too()
    {
        Write("a.jsonl", Row("x"), Row("y"));
        Write("b.jsonl", Row("z"), Row("u"), Row("v"));
        using var first = JsonLinesSource.Open(_folder.File("a.jsonl"));
        using var second = JsonLinesSource.Open(_folder.File("b.jsonl"));
        var joined = new JoinedSource("all", first, second);
        var rows = Enumerable.Range(0, joined.Blocks.Count).SelectMany(joined.Read).ToArray();
        rows.Select(r => (r.Id, r.Turns[0].Parts[0].Text)).Should().Equal(("0", "x"), ("1", "y"), ("2", "z"), ("3", "u"), ("4", "v"));
        // One joined twice: 0 to 4, and 5 to 9 behind them.
        var twice = new JoinedSource("twice", joined, joined);
        twice.Read(3)[2].Id.Should().Be("9");

        var stream = new MixedStream(1, new WeightedStream("s", new ShuffledStream(joined, 3), 1));
        var all = stream.Next(10).Select(r => (r.Id, r.Turns[0].Parts[0].Text)).ToArray();
        all.Distinct().Should().HaveCount(5, "a row has one id in every epoch");
        var again = new MixedStream(1, new WeightedStream("s", new ShuffledStream(joined, 3), 1));
        again.Next(4);
        new MixedStream(1, new WeightedStream("s", new ShuffledStream(joined, 3), 1)) { Position = again.Position }.Next(6)
            .Select(r => r.Id).Should().Equal(all.Skip(4).Select(r => r.Id));
    }

    [Fact]
    public void Rows_with_ids_keep_them_in_a_joined_source()
    {
        Write("a.jsonl", Row("x"));
        Write("b.jsonl", """{"id": "7", "images": [], "problem": "q", "answer": "a"}""");
        using var first = JsonLinesSource.Open(_folder.File("a.jsonl"));
        using var second = JsonLinesSource.Open(_folder.File("b.jsonl"));
        new JoinedSource("all", first, second).Read(1)[0].Id.Should().Be("7");
    }

    public void Dispose() => _folder.Dispose();

    private static string Row(string question) => $$"""{"images": [], "problem": "{{question}}", "answer": "a"}""";

    private void Write(string name, params string[] rows) => File.WriteAllLines(_folder.File(name), rows);

    private Action Load(string name, ColumnMap? columns = null) => ()
        => JsonLinesDataset.Load(_folder.File(name), new RowOptions { Columns = columns ?? new() });
}
