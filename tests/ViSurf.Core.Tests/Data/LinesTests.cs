using System.Text;
using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>What a line is: the same to the data set in memory and to the source that reads line by line.</summary>
public sealed class LinesTests : IDisposable
{
    private const string First = """{"id": 1, "images": [], "problem": "é", "answer": "x"}""",
        Second = """{"id": 2, "images": [], "problem": "?", "answer": "y"}""";
    private static readonly string[] Pieces = ["\n", "\r", "\r\n", "\uFEFF", "\u00A0", " ", "\t", "{", "}", "\"", "\\ud800", First, Second,
        First + "\n", "[1]", "\u2028"];
    private readonly TemporaryDirectory _folder = new();

    private string Path => _folder.File("rows.jsonl");

    [Theory]
    [InlineData("{0}\n{1}", 1, 2)]
    [InlineData("{0}\r{1}\r", 1, 2)]
    [InlineData("{0}\r\n\r\n{1}\r\n", 1, 3)]
    [InlineData("\r\r\n\n{0}\n\r{1}", 4, 6)]
    [InlineData("\uFEFF{0}\n\uFEFF{1}", 1, 2)]
    [InlineData("\uFEFF\n{0}\n\uFEFF\n{1}", 2, 4)]
    [InlineData("\u00A0\n{0}\n\u3000 \t\u2003\n{1}\u2028", 2, 4, "y\u2028")]
    [InlineData("\v\f\n{0}\n\u0085\n{1}", 2, 4)]
    public void Lines_end_as_in_Python_and_blank_ones_are_none(string file, int first, int second, string? unreadable = null)
    {
        File.WriteAllText(Path, string.Format(null, file, First, Second), new UTF8Encoding(false));
        if (unreadable is not null)
        {   // U+2028 is no white space to JSON
            Both().Should().Be($"{Path}:{second}: expected one JSON object per line, got something else at byte {Second.Length + 1}, "
                + $"where it says \u2028.");
            return;
        }
        Both().Should().Be($"1 at {Path}:{first} | 2 at {Path}:{second}");
    }

    [Theory]
    [InlineData("""{"id": 1, "id": 2, "images": [], "problem": "?", "answer": "x"}""", ":1: expected one JSON object per line, "
        + "got a key twice in one object ('id').")]
    [InlineData("""{"id": 1, "images": [], "problem": "?", "answer": "x", "more": {"a": 1, "\u0061": 2}}""", ":1: expected one JSON "
        + "object per line, got a key twice in one object ('a').")]
    [InlineData("""{"id": 1, "images": [], "problem": NaN, "answer": "x"}""", ":1: expected one JSON object per line, "
        + "got something else at byte 36, where it says NaN, \"answer\": \"x\"} (NaN and Infinity are no numbers in JSON).")]
    [InlineData("{'id': 1}", ":1: expected one JSON object per line, got something else at byte 2, where it says 'id': "
        + "1} (Python's repr is not JSON: write rows with json.dumps).")]
    [InlineData("""{"id": 1""", ":1: expected one JSON object per line, got something else at byte 9, where it ends.")]
    public void A_line_that_is_no_row_is_refused_in_the_same_words(string line, string message)
    {
        File.WriteAllText(Path, line);
        Both().Should().Be(Path + message);
    }

    [Fact]
    public void Other_bytes_than_UTF8_are_named_by_line_or_for_the_whole_file()
    {
        File.WriteAllBytes(Path, [.. System.Text.Encoding.UTF8.GetBytes(First + "\n{\"id\": \""), 0xE9, .. "\"}"u8]);
        Both().Should().Be($"{Path}:2: expected UTF-8 text, found other bytes. Convert the file.");
        foreach (var encoding in new System.Text.Encoding[] { new UnicodeEncoding(false, true), new UnicodeEncoding(true, true),
            new UnicodeEncoding(false, false), new UnicodeEncoding(true, false), new UTF32Encoding(false, true) })
        {
            File.WriteAllText(Path, First, encoding);
            Both().Should().Be($"{Path}: expected UTF-8 text, found UTF-16 or UTF-32. Convert the file (iconv -f UTF-16 -t UTF-8).");
        }
        File.WriteAllBytes(Path, [0x1F, 0x8B, 8, 0]);
        Both().Should().Be($"{Path}: expected UTF-8 text, found a gzip file. Unpack it.");
    }

    [Fact]
    public void A_line_of_more_bytes_than_any_row_has_is_refused_before_it_is_read()
    {
        using (var file = File.Create(Path))
        {
            file.Write("{\"id\": \""u8);
            file.SetLength(JsonLinesFile.LongestLine + 1L); // zeros, and none of them on the disk
        }
        using var source = JsonLinesSource.Open(Path);
        var before = GC.GetAllocatedBytesForCurrentThread();
        source.Read(0).Invoking(rows => rows[0]).Should().Throw<InvalidDataException>().WithMessage($"{Path}:1: expected lines of at "
            + $"most 128 MiB, got a longer one. Keep pictures in files beside the rows.");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(10_000_000);
    }

    [Fact]
    public void A_pipe_in_place_of_a_file_is_refused_at_once()
    {
        using var made = System.Diagnostics.Process.Start("mkfifo", Path);
        made.WaitForExit();
        Both().Should().StartWith($"Expected a file at '{Path}', got a named pipe");
    }

    [Fact]
    public void Whatever_is_in_a_file_both_read_it_alike()
        => Gen.OneOf(Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i]), Gen.String[0, 2])
            .Array[0, 12].Sample(pieces =>
            {
                File.WriteAllText(Path, string.Concat(pieces), new UTF8Encoding(false));
                Both();
            }, iter: 400, threads: 1);

    public void Dispose() => _folder.Dispose();

    /// <summary>The rows as both readers see them, or the message that both give.</summary>
    private string Both()
    {
        var whole = Said(() => JsonLinesDataset.Load(Path));
        var byLine = Said(() =>
        {
            using var source = JsonLinesSource.Open(Path);
            return source.Blocks.Count == 0 ? [] : source.Read(0).ToArray();
        });
        // Only the data set compares rows with each other.
        if (!whole.Contains("expected every id once", StringComparison.Ordinal)) whole.Should().Be(byLine);
        return whole;
    }

    private static string Said(Func<IEnumerable<VisionExample>> read)
    {
        try
        {
            return string.Join(" | ", read().Select(row => $"{row.Id} at {row.Place}"));
        }
        catch (InvalidDataException e)
        {
            return e.Message;
        }
    }
}
