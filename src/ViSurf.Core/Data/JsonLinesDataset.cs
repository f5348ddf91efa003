using System.Collections;

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
        using var file = JsonLinesFile.Open(path, options ?? new RowOptions());
        var rows = new VisionExample[file.Count];
        var rowOfId = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i] = file.Row(i);
            if (!rowOfId.TryAdd(row.Id, i))
                throw new InvalidDataException(
                    $"{row.Place} (id '{RowText.Short(row.Id, 100)}'): expected every id once, "
                        + $"but line {file.LineOf(rowOfId[row.Id])} has it too. Rename or remove one row.");
        }
        return new JsonLinesDataset(path, rows);
    }

    /// <inheritdoc/>
    public IEnumerator<VisionExample> GetEnumerator() => _rows.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
