using System.Text;
using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data.Sources;

[Collection(Alone.Name)]
public sealed class JsonLinesSourceTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string Path => _folder.File("rows.jsonl");

    [Fact]
    public void Rows_read_one_by_one_are_those_of_the_file_read_as_a_whole()
        => Gen.Select(Gen.Int[0, 4].Array[1, 30], Gen.Bool, Gen.Bool, Gen.Bool, Gen.Int[0, 70000]).Sample((blanks, mark, carriage, lastEnds, pad) =>
        {
            var end = carriage ? "\r\n" : "\n";
            var text = new StringBuilder();
            for (var i = 0; i < blanks.Length; i++)
            {
                text.Append(string.Concat(Enumerable.Repeat(" \t" + end, blanks[i])));
                text.Append(Row(i, i == blanks.Length / 2 ? new string('ü', pad) : "é")).Append(i < blanks.Length - 1 || lastEnds ? end : "");
            }
            File.WriteAllText(Path, text.ToString(), new UTF8Encoding(mark));
            using var source = JsonLinesSource.Open(Path);
            source.Blocks.Sum(b => b.Rows).Should().Be(blanks.Length);
            var whole = JsonLinesDataset.Load(Path);
            var rows = source.Read(0);
            foreach (var i in Enumerable.Range(0, blanks.Length).Reverse())
            {
                (rows[i].Id, rows[i].Place, rows[i].Turns[0].Parts[0].Text, rows[i].Target).Should().Be((whole[i].Id, whole[i].Place, whole[i].Turns[0].Parts[0].Text, whole[i].Target));
            }
        }, iter: 60, threads: 1);

    [Fact]
    public void A_wrong_row_is_named_when_it_is_asked_for()
    {
        File.WriteAllLines(Path, [Row(0, "x"), "", "not JSON", Row(1, "x")]);
        using var source = JsonLinesSource.Open(Path);
        var rows = source.Read(0);
        rows[2].Id.Should().Be("1");
        FluentActions.Invoking(() => rows[1]).Should().Throw<InvalidDataException>().WithMessage($"{Path}:3: expected one JSON object "
            + $"per line, got *");
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_named_by_their_line()
    {
        File.WriteAllBytes(Path, [.. System.Text.Encoding.UTF8.GetBytes(Row(0, "x") + "\n{\"id\": \""), 0xE9, .. "\"}"u8]);
        using var source = JsonLinesSource.Open(Path);
        FluentActions.Invoking(() => source.Read(0)[1]).Should().Throw<InvalidDataException>().WithMessage($"{Path}:2: expected UTF-8 text*");
    }

    [Fact]
    public void A_file_that_was_cut_while_it_is_read_is_noticed()
    {
        File.WriteAllLines(Path, [Row(0, "x"), Row(1, "x")]);
        using var source = JsonLinesSource.Open(Path);
        using (var cut = new FileStream(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) cut.SetLength(10);
        FluentActions.Invoking(() => source.Read(0)[1]).Should().Throw<InvalidDataException>().WithMessage("*:2: expected the line that was here*");
    }

    [Fact]
    public void Memory_is_an_index_of_16_bytes_a_row_and_an_order_of_4()
    {   // 40 000 rows of 1 000 characters: a file of 40 MB, an index of 0.64 MB, an order of 0.16 MB
        const int rows = 40_000;
        using (var file = new StreamWriter(Path))
            for (var i = 0; i < rows; i++) file.Write(Row(i, new string('x', 950)) + "\n");
        new FileInfo(Path).Length.Should().BeGreaterThan(39_000_000);
        var before = GC.GetTotalMemory(true);
        using var source = JsonLinesSource.Open(Path);
        var stream = new ShuffledStream(source, 1);
        var seen = 0;
        for (var i = 0; i < 40; i++)
        {
            seen += stream.Next(rows / 40).Count;
            GC.Collect();
            (GC.GetTotalMemory(false) - before).Should().BeLessThan(20 * rows + 1_000_000);
        }
        seen.Should().Be(rows);
        GC.KeepAlive(stream);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t\r\n")]
    public void A_file_without_rows_has_none_with_a_byte_order_mark_or_without(string text)
    {
        foreach (var mark in new[] { false, true })
        {
            File.WriteAllText(Path, text, new UTF8Encoding(mark));
            using var source = JsonLinesSource.Open(Path);
            source.Blocks.Should().BeEmpty();
        }
    }

    [Fact]
    public void A_missing_file_is_named()
        => FluentActions.Invoking(() => JsonLinesSource.Open(_folder.File("none"))).Should().Throw<FileNotFoundException>().WithMessage("*none*");

    public void Dispose() => _folder.Dispose();

    private static string Row(int id, string question) => $$"""{"id": {{id}}, "images": [], "problem": "{{question}}?", "answer": "{{id}}"}""";
}
