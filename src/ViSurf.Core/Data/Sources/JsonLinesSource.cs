namespace ViSurf.Core.Data.Sources;

/// <summary>
/// A file with one JSON object per line (the rows of <see cref="JsonLinesDataset"/>), read line by line when rows are asked for. What stays
/// in memory is where each line is: 16 bytes a row.
/// </summary>
/// <remarks>Rows are not compared with each other; <c>Training.DatasetCheck</c> finds ids that occur twice.</remarks>
public sealed class JsonLinesSource : IExampleSource, IDisposable
{
    private readonly JsonLinesFile _file;

    private JsonLinesSource(JsonLinesFile file)
    {
        _file = file;
        Blocks = file.Count == 0 ? [] : [new RowBlock(file.Count, file.Length)];
    }

    /// <inheritdoc/>
    public string Name => _file.Name;

    /// <inheritdoc/>
    public IReadOnlyList<RowBlock> Blocks { get; }

    /// <summary>Goes through the file once to find its lines.</summary>
    /// <param name="path">UTF-8 text, with or without byte order mark. It must not change while the source is open.</param>
    /// <param name="options">Columns, prompt and label policy; null for the defaults.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is UTF-16, packed, a Parquet file, or a pipe or device in place of a file.</exception>
    public static JsonLinesSource Open(string path, RowOptions? options = null)
        => new(JsonLinesFile.Open(path, options ?? new RowOptions()));

    /// <inheritdoc/>
    public IReadOnlyList<VisionExample> Read(int block) => new LazyRows(_file.Count, _file.Row);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
