using Microsoft.Win32.SafeHandles;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>
/// A JSON Lines file that is open: where its lines are, and each as an example when it is asked for. The one way in which lines are read.
/// </summary>
internal sealed class JsonLinesFile : IDisposable
{
    /// <summary>Most bytes of a line: more than any row with its pictures in it has.</summary>
    public const int LongestLine = 1 << 27;

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly LineIndex _index;
    private readonly JsonLinesRow _rows;
    private readonly Lazy<bool> _numbered;

    private JsonLinesFile(string path, SafeFileHandle file, LineIndex index, RowOptions options)
    {
        (_path, _file, _index) = (path, file, index);
        Name = options.SourceName ?? Path.GetFileNameWithoutExtension(path);
        _rows = new JsonLinesRow(Path.GetDirectoryName(Path.GetFullPath(path))!, options, Name);
        // The first row decides for all: then a row that lost its id is noticed.
        _numbered = new Lazy<bool>(
            () => options.Columns.NumbersRowsWithoutId && index.Lengths[0] <= LongestLine
                && JsonLinesRow.LacksId(Bytes(0), options.Columns.Id),
            LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>What the source is called.</summary>
    public string Name { get; }

    /// <summary>Number of rows.</summary>
    public int Count => _index.Lines.Length;

    /// <summary>Bytes of the file.</summary>
    public long Length => _index.FileLength;

    /// <summary>Goes through the file once to find its lines.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is UTF-16, packed, a Parquet file, or a pipe or device in place of a file.</exception>
    public static JsonLinesFile Open(string path, RowOptions options)
    {
        if (!File.Exists(Guard.NotBlank(path)))
            throw new FileNotFoundException($"Expected a data set at '{path}', found no such file.", path);
        var file = File.OpenHandle(RegularFile.Ensure(path), options: FileOptions.RandomAccess);
        try
        {
            Span<byte> head = stackalloc byte[4];
            if (Other(head[..RandomAccess.Read(file, head, 0)]) is { } other)
                throw new InvalidDataException($"{path}: expected UTF-8 text, found {other}.");
            return new JsonLinesFile(path, file, LineIndex.Of(file), options);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A row, numbered from 0.</summary>
    public VisionExample Row(int row) => _rows.Read(Bytes(row), row, _numbered.Value, Place(row));

    /// <summary>Number of a row's line in the file, from 1.</summary>
    public int LineOf(int row) => _index.Lines[row];

    public void Dispose() => _file.Dispose();

    private static string? Other(ReadOnlySpan<byte> head) => head switch
    {
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [(byte)'{', 0, ..] or [0, (byte)'{', ..]
            => "UTF-16 or UTF-32. Convert the file (iconv -f UTF-16 -t UTF-8)",
        [0x1F, 0x8B, ..] => "a gzip file. Unpack it",
        [(byte)'P', (byte)'A', (byte)'R', (byte)'1'] => "a Parquet file. Give it the ending .parquet, or open it as a Parquet source",
        _ => null,
    };

    private string Place(int row) => $"{_path}:{_index.Lines[row]}";

    private byte[] Bytes(int row)
    {
        if (_index.Lengths[row] > LongestLine)
            throw new InvalidDataException($"{Place(row)}: expected lines of at most {LongestLine >> 20} MiB, got a longer one. "
                + "Keep pictures in files beside the rows.");
        var bytes = new byte[_index.Lengths[row]];
        for (var read = 0; read < bytes.Length;)
        {
            var more = RandomAccess.Read(_file, bytes.AsSpan(read), _index.Starts[row] + read);
            if (more == 0)
                throw new InvalidDataException($"{Place(row)}: expected the line that was here when the file was opened, "
                    + "found the file's end. Do not change a file that is being read.");
            read += more;
        }
        return bytes;
    }
}
