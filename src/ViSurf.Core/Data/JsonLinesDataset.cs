using System.Collections;
using System.Text;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>
/// Examples from a file with one JSON object per line, all in memory. Keys, unless <see cref="RowOptions.Columns"/> says otherwise:
/// <c>id</c> (text or number, unique); <c>image</c> or <c>images</c> (a path or a list of paths, relative to the file); <c>problem</c> or
/// <c>question</c>; and one label: <c>solution</c> (a list of <c>bbox_2d</c> and <c>point_2d</c>, as JSON or as JSON text, giving a
/// <see cref="GroundingTarget"/>), <c>answer</c> (text or number, giving a <see cref="TextTarget"/>), or another of
/// <see cref="LabelColumn.Default"/>. Other keys and blank lines are ignored.
/// </summary>
/// <remarks>Everything is checked when the file is loaded, except that pictures are not opened: see <see cref="LabelCheck"/>.</remarks>
public sealed class JsonLinesDataset : IReadOnlyList<VisionExample>
{
    private readonly IReadOnlyList<VisionExample> _rows;

    private JsonLinesDataset(string path, IReadOnlyList<VisionExample> rows) => (Path, _rows) = (path, rows);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Number of rows.</summary>
    public int Count => _rows.Count;

    /// <summary>The row at <paramref name="index"/>, in the file's order.</summary>
    public VisionExample this[int index] => _rows[index];

    /// <summary>Reads and checks a whole file.</summary>
    /// <param name="path">UTF-8 text, with or without byte order mark.</param>
    /// <param name="options">Prompt and label policy; null for the defaults.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A row is wrong; the message gives file, line (from 1), row id, and what was expected.</exception>
    public static JsonLinesDataset Load(string path, RowOptions? options = null)
    {
        Guard.NotBlank(path);
        if (!File.Exists(path))
            throw new FileNotFoundException($"Expected a data set at '{path}', found no such file.", path);
        options ??= new RowOptions();
        var parser = new JsonLinesRow(
            System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, options, options.SourceName ?? System.IO.Path.GetFileNameWithoutExtension(path));
        var rows = new List<VisionExample>();
        var lineOfId = new Dictionary<string, int>(StringComparer.Ordinal);
        using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        for (var number = 1; ReadLine(reader, path, number) is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            var row = parser.Read(line, rows.Count, $"{path}:{number}");
            if (!lineOfId.TryAdd(row.Id, number))
                throw new InvalidDataException(
                    $"{path}:{number} (id '{row.Id}'): expected every id once, but line {lineOfId[row.Id]} has it too. Rename or remove one row.");
            rows.Add(row);
        }
        return new JsonLinesDataset(path, rows);
    }

    /// <inheritdoc/>
    public IEnumerator<VisionExample> GetEnumerator() => _rows.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static string? ReadLine(StreamReader reader, string path, int number)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{path}: expected UTF-8 text, found other bytes at line {number} or soon after. Convert the file.", e);
        }
    }
}
