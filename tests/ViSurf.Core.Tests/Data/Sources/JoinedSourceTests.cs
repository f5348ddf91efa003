using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data.Sources;

/// <summary>Files of one data set, one after the other: JSON Lines, one of them without rows, and Parquet with two row groups.</summary>
public sealed class JoinedSourceTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly List<IDisposable> _open = [];

    [Fact]
    public void Rows_come_in_the_order_of_the_files_and_an_empty_file_has_none()
    {
        var joined = new JoinedSource("all", Lines("b", 0, 3), Lines("empty", 0, 0), Lines("a", 3, 2), Parquet());
        joined.Name.Should().Be("all");
        joined.Blocks.Select(b => b.Rows).Should().Equal(3, 2, 4, 2);
        Enumerable.Range(0, 4).SelectMany(joined.Read).Select(r => r.Id).Should().Equal("0", "1", "2", "3", "4", "row0", "row1", "row2", "row3", "row4", "row5");
        joined.Read(1)[1].Place.Should().Be($"{_folder.File("a.jsonl")}:2");
        joined.Read(3)[1].Place.Should().EndWith("visurf.parquet, row group 1, row 1");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stream_goes_on_at_any_row_also_where_a_file_ends(bool shuffle)
    {
        // Room for one block: with shuffling each file is a window of its own.
        IExampleStream Fresh() => new ShuffledStream(new JoinedSource("all", Lines("b", 0, 3), Lines("a", 3, 2), Parquet()), seed: 5) { Shuffle = shuffle, BufferBytes = 0 };
        var whole = Fresh().Next(26).Select(r => r.Id).ToArray();
        whole[..11].Should().OnlyHaveUniqueItems();
        whole[11..22].Should().BeEquivalentTo(whole[..11], "an epoch is every row of every file");
        if (!shuffle) whole[..6].Should().Equal("0", "1", "2", "3", "4", "row0");
        for (var k = 0; k <= 26; k++)
        {
            var stopped = Fresh();
            stopped.Next(k);
            var resumed = Fresh();
            resumed.Position = stopped.Position;
            resumed.Next(26 - k).Select(r => r.Id).Should().Equal(whole[k..], "after {0} rows", k);
        }
    }

    [Fact]
    public void A_position_of_other_files_is_refused()
    {
        var stream = new ShuffledStream(new JoinedSource("all", Lines("b", 0, 3), Lines("a", 3, 2)), seed: 5);
        var position = stream.Position;
        new ShuffledStream(new JoinedSource("all", Lines("b", 0, 3)), seed: 5).Invoking(s => s.Position = position).Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void A_bad_row_is_named_with_its_own_file_and_line()
    {
        var bad = _folder.File("bad.jsonl");
        File.WriteAllLines(bad, [Row(3), "", """{"id": 4, "images": [], "answer": "x"}"""]);
        var joined = new JoinedSource("all", Lines("b", 0, 3), Open(bad));
        joined.Read(1)[0].Id.Should().Be("3");
        joined.Invoking(j => j.Read(1)[1]).Should().Throw<InvalidDataException>().WithMessage($"{bad}:3 (id '4'): expected a question*");
        var stream = new ShuffledStream(joined, seed: 1) { Shuffle = false };
        stream.Next(4);
        stream.Invoking(s => s.Next(1)).Should().Throw<InvalidDataException>().WithMessage($"{bad}:3*");
    }

    [Fact]
    public void No_source_and_a_block_that_is_not_there_are_errors()
    {
        FluentActions.Invoking(() => new JoinedSource("all")).Should().Throw<ArgumentException>().WithMessage("Expected at least one source, got none.*");
        new JoinedSource("all", Lines("empty", 0, 0)).Blocks.Should().BeEmpty();
        new JoinedSource("all", Lines("b", 0, 3)).Invoking(j => j.Read(1)).Should().Throw<ArgumentOutOfRangeException>();
    }

    public void Dispose()
    {
        foreach (var file in _open) file.Dispose();
        _folder.Dispose();
    }

    private static string Row(int id) => $$"""{"id": {{id}}, "images": [], "problem": "?", "answer": "x"}""";

    private static ParquetSource Parquet() => ParquetSource.Open(Path.Combine(AppContext.BaseDirectory, "Fixtures", "parquet", "visurf.parquet"));

    private JsonLinesSource Lines(string name, int first, int count)
    {
        var path = _folder.File(name + ".jsonl");
        File.WriteAllLines(path, Enumerable.Range(first, count).Select(Row));
        return Open(path);
    }

    private JsonLinesSource Open(string path)
    {
        var source = JsonLinesSource.Open(path);
        _open.Add(source);
        return source;
    }
}
