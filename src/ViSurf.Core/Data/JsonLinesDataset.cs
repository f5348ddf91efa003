using System.Collections;
using System.Text;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>How rows become examples.</summary>
public sealed record JsonLinesOptions
{
    /// <summary>Turns the row's question into the prompt; see <see cref="PromptTemplate"/>.</summary>
    /// <value>The question as it stands.</value>
    public Func<string, string> Prompt { get; init; } = question => question;

    /// <summary>A system message before the question.</summary>
    /// <value>null: none; the model's chat template may add its own.</value>
    public string? SystemMessage { get; init; }

    /// <summary>Whether a row without label is an error.</summary>
    /// <value>true: training without labels is possible but rarely meant. false for rows to predict on.</value>
    public bool RequireLabel { get; init; } = true;
}

/// <summary>
/// Examples from a file with one JSON object per line. Keys: <c>id</c> (text or number, unique); <c>image</c> (a path) or
/// <c>images</c> (a list of paths, relative to the file); <c>problem</c> or <c>question</c>; and the label, <c>solution</c> (a list of
/// <c>bbox_2d</c> and <c>point_2d</c>, as JSON or as JSON text, giving a <see cref="GroundingTarget"/>) or <c>answer</c> (text or
/// number, giving a <see cref="TextTarget"/>). Other keys and blank lines are ignored.
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
    public static JsonLinesDataset Load(string path, JsonLinesOptions? options = null)
    {
        Guard.NotBlank(path);
        if (!File.Exists(path))
            throw new FileNotFoundException($"Expected a data set at '{path}', found no such file.", path);
        var parser = new JsonLinesRow(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!, options ?? new JsonLinesOptions());
        var rows = new List<VisionExample>();
        var lineOfId = new Dictionary<string, int>(StringComparer.Ordinal);
        using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        for (var number = 1; ReadLine(reader, path, number) is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            var row = parser.Read(line, $"{path}:{number}");
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
