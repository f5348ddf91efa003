using System.Text;
using Microsoft.Win32.SafeHandles;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data.Sources;

/// <summary>
/// A file with one JSON object per line (the rows of <see cref="JsonLinesDataset"/>), read line by line when rows are asked for. What stays
/// in memory is where each line begins: 12 bytes a row.
/// </summary>
/// <remarks>Rows are not compared with each other; <c>Training.DatasetCheck</c> finds ids that occur twice.</remarks>
public sealed class JsonLinesSource : IExampleSource, IDisposable
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly long[] _starts;
    private readonly int[] _lines;
    private readonly JsonLinesRow _rows;

    private JsonLinesSource(string path, SafeFileHandle file, (long[] Starts, int[] Lines) index, RowOptions options)
    {
        (_path, _file, (_starts, _lines)) = (path, file, index);
        Name = options.SourceName ?? Path.GetFileNameWithoutExtension(path);
        _rows = new JsonLinesRow(Path.GetDirectoryName(Path.GetFullPath(path))!, options, Name);
        Blocks = _lines.Length == 0 ? [] : [new RowBlock(_lines.Length, _starts[^1])];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<RowBlock> Blocks { get; }

    /// <summary>Goes through the file once to find its lines.</summary>
    /// <param name="path">UTF-8 text, with or without byte order mark. It must not change while the source is open.</param>
    /// <param name="options">Columns, prompt and label policy; null for the defaults.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static JsonLinesSource Open(string path, RowOptions? options = null)
    {
        if (!File.Exists(Guard.NotBlank(path)))
            throw new FileNotFoundException($"Expected a data set at '{path}', found no such file.", path);
        var file = File.OpenHandle(path, options: FileOptions.RandomAccess);
        try
        {
            return new JsonLinesSource(path, file, LineIndex.Of(file), options ?? new RowOptions());
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<VisionExample> Read(int block) => new LazyRows(_lines.Length, Row);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private VisionExample Row(int row)
    {
        var place = $"{_path}:{_lines[row]}";
        var bytes = new byte[_starts[row + 1] - _starts[row]];
        for (var read = 0; read < bytes.Length;)
        {
            var more = RandomAccess.Read(_file, bytes.AsSpan(read), _starts[row] + read);
            if (more == 0) throw new InvalidDataException($"{place}: expected the line that was here when the file was opened, found the file's end. Do not change a file that is being read.");
            read += more;
        }
        try
        {
            return _rows.Read(Strict.GetString(bytes), row, place);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{place}: expected UTF-8 text, found other bytes. Convert the file.", e);
        }
    }
}

/// <summary>Where the lines of a file begin.</summary>
internal static class LineIndex
{
    /// <summary>Offsets of the lines that are not blank, the file's length behind them, and their numbers from 1.</summary>
    public static (long[] Starts, int[] Lines) Of(SafeFileHandle file)
    {
        var (starts, lines) = (new List<long>(), new List<int>());
        var buffer = new byte[1 << 16];
        var (offset, lineStart, line, blank) = (0L, 0L, 1, true);
        for (int read; (read = RandomAccess.Read(file, buffer, offset)) > 0; offset += read)
        {
            for (var i = 0; i < read; i++)
            {
                var c = buffer[i];
                if (c == '\n')
                {
                    if (!blank) Add();
                    (lineStart, line, blank) = (offset + i + 1, checked(line + 1), true);
                }
                else if (offset == 0 && i < 3 && read >= 3 && buffer is [0xEF, 0xBB, 0xBF, ..])
                {
                    lineStart = 3; // a byte order mark
                }
                else
                {
                    blank &= c is (byte)' ' or (byte)'\t' or (byte)'\r';
                }
            }
        }
        if (!blank) Add();
        starts.Add(offset);
        return ([.. starts], [.. lines]);

        void Add()
        {
            starts.Add(lineStart);
            lines.Add(line);
        }
    }
}
