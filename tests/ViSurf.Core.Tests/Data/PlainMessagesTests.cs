using System.Text.RegularExpressions;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>
/// Whatever stands in a row, its message is for the person who wrote the row: short, one line, and without a word of .NET.
/// </summary>
public sealed partial class PlainMessagesTests : IDisposable
{
    private static readonly string Long = new('x', 100_000);

    private static readonly string[] Values =
    [
        "null", "true", "7", "-1", "1e999", "1e-999", "0.5", "\"\"", "\" \"", "\"text\"", "[]", "{}", "[1]", "[null]", "[[]]", "[{}]",
        "[true, 1]", "{\"a\": 1}",
        "\"\\ud800\"", "\"[\"", "\"{}\"", "\"[1, 2\"", "\"{'a': 1}\"", "\"[{\\\"a\\\": 1, \\\"a\\\": 2}]\"", "[1, 2, 3, 4]",
        "[\"1\", 2, 3, 4]",
        "[{\"bbox_2d\": [1, 2, 3, 4]}]", "[{\"bbox_2d\": [5, 6, 3, 4], \"point_2d\": [1, 2]}]", "[{\"bbox_2d\": [-5, 6, 3, 4], "
            + "\"point_2d\": [1, 2]}]",
        "[{\"bbox_2d\": [1, 2, 3, 4], "
            + "\"point_2d\": [1, 1e999]}]", "[{\"bbox_2d\": [1, 2, 3, 4], \"label\": [1]}]", "[{\"bbox_2d\": \"1\"}]",
        "{\"action\": 1}", "{\"action\": \"click\", \"point\": [1]}", "{\"action\": \"click\", \"point\": [-1, 2]}",
        "{\"action\": \"type\", \"input_text\": []}",
        "{\"bbox\": [1, 2, 3, 4], \"points_1\": [1, 2]}", "{\"size\": [2, 2], \"counts\": [1]}",
        "{\"size\": [1e18, 2], \"counts\": \"0\"}", "{\"size\": [2, 2], \"counts\": \"\\u00e9\"}",
        "{\"size\": [2, 2], \"counts\": [9223372036854775807, "
            + "9223372036854775807]}", $"\"{Long}\"", $"[\"{Long}\"]", $"{{\"{Long}\": 1}}", "\"<image>\"", "\"<video>\"",
            "\"a\\u0000b\\n\"",
    ];

    private readonly TemporaryDirectory _folder = new();

    [Fact]
    public void No_message_about_a_row_is_long_or_speaks_NET()
    {
        var keys = new[] { "id", "images", "image", "problem", "videos", "img_width", "img_height", Long }
            .Concat(LabelColumn.Default.Select(label => label.Name)).ToArray();
        var good = new Dictionary<string, string> { ["id"] = "\"1\"", ["images"] = "[]", ["problem"] = "\"?\"" };
        var rows = keys.SelectMany(key => Values.Select(value => new Dictionary<string, string>(good) { [key] = value })).Select(Row)
            .Concat(["nothing", "{", "[", "\"", "{\"a\"", "{\"a\": 1,}", "{\"\\ud800\": 1}", "{\"\\ud800\": 1, \"\\ud800\": 2}",
                new string('[', 100), Long, "{\"id\": 1} {}", "1", "null"]).ToArray();
        var refused = 0;
        foreach (var row in rows)
        {
            File.WriteAllText(_folder.File("rows.jsonl"), row);
            try
            {
                JsonLinesDataset.Load(_folder.File("rows.jsonl"));
            }
            catch (InvalidDataException e)
            {
                refused++;
                e.Message.Should().NotMatchRegex(OfNet().ToString(), "{0}", row.Length < 300 ? row : row[..300]);
                e.Message.Length.Should().BeLessThan(800);
                e.Message.Any(char.IsControl).Should().BeFalse();
            }
        }
        refused.Should().BeGreaterThan(rows.Length / 2);
    }

    public void Dispose() => _folder.Dispose();

    private static string Row(Dictionary<string, string> members)
        => "{" + string.Join(", ", members.Select(m => $"\"{m.Key}\": {m.Value}")) + "}";

    [GeneratedRegex("System\\.|Nullable|JsonElement|JsonValueKind|The given key|identified items|LineNumber|BytePosition|Parameter "
        + "'|Int32|Double|`1|Box \\{|PixelPoint|transcode|invalid start of|Exception")]
    private static partial Regex OfNet();
}
