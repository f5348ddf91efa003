using System.Text.Json;
using Parquet;
using Parquet.Schema;
using ViSurf.Core.Common;

namespace ViSurf.Core.Data.Sources;

/// <summary>
/// Parquet files in the layout of Hugging Face data sets, one after another. A block is a row group: nothing of the file is in memory but
/// the blocks that a stream holds, and only the columns of <see cref="ColumnMap"/> are read. Pictures are structs of <c>bytes</c> and
/// <c>path</c>, plain bytes, paths relative to the file, or lists of these.
/// </summary>
public sealed class ParquetSource : IExampleSource
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly RowOptions _options;
    private readonly ExampleRow _rows;
    private readonly IReadOnlyList<string> _otherMedia;
    private readonly IReadOnlyList<(string File, int Group, long FirstRow)> _groups;

    private ParquetSource(string name, RowOptions options, IReadOnlyList<(string File, int Group, long FirstRow)> groups, IReadOnlyList<RowBlock> blocks)
    {
        (Name, _options, _groups, Blocks) = (name, options, groups, blocks);
        _rows = new ExampleRow(options, name);
        _otherMedia = ExampleRow.OtherMedia(options);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<RowBlock> Blocks { get; }

    /// <summary>Reads the files' footers.</summary>
    /// <param name="path">A file, or a folder whose <c>*.parquet</c> files are the parts of one data set, in the order of their names.</param>
    /// <param name="options">Columns, prompt and label policy; null for the defaults.</param>
    /// <exception cref="FileNotFoundException">There is no such file, or no Parquet file in the folder.</exception>
    /// <exception cref="InvalidDataException">A file is not Parquet, or a column is missing: the message lists those there are.</exception>
    public static ParquetSource Open(string path, RowOptions? options = null)
    {
        options ??= new RowOptions();
        string[] files = Directory.Exists(Guard.NotBlank(path)) ? [.. Directory.GetFiles(path, "*.parquet").Order(StringComparer.Ordinal)] : [path];
        if (files.Length == 0 || !File.Exists(files[0]))
            throw new FileNotFoundException($"Expected a Parquet file at '{path}' or in it, found none.", path);
        var (groups, blocks) = (new List<(string, int, long)>(), new List<RowBlock>());
        var row = 0L;
        string? withIds = null, withoutIds = null;
        foreach (var file in files)
        {
            using var parquet = ParquetFile.Open(file);
            var chosen = ParquetColumns.Chosen(file, parquet.Schema, options);
            if (HasIds(chosen.Select(field => field.Name), options)) withIds ??= file;
            else withoutIds ??= file;
            if (withIds is not null && withoutIds is not null && options.Columns.Id.Count > 0)
                throw new InvalidDataException($"{withoutIds}: expected a column with ids under {ExampleRow.Names(options.Columns.Id)} "
                    + $"as in '{withIds}', found none. Give all files of a data set one, or none.");
            var paths = chosen.SelectMany(field => ParquetColumns.Leaves(field)).ToArray();
            for (var group = 0; group < parquet.Groups; group++)
            {
                var (rows, bytes) = parquet.Size(group, paths);
                if (rows == 0) continue;
                groups.Add((file, group, row));
                blocks.Add(new RowBlock(rows, bytes));
                row += rows;
            }
        }
        var name = options.SourceName ?? (Directory.Exists(path) ? Path.GetFileName(Path.GetFullPath(path).TrimEnd(Path.DirectorySeparatorChar)) : Path.GetFileNameWithoutExtension(path));
        return new ParquetSource(name, options, groups, blocks);
    }

    /// <inheritdoc/>
    public IReadOnlyList<VisionExample> Read(int block)
    {
        var (file, group, firstRow) = _groups[block];
        using var parquet = ParquetFile.Open(file);
        var fields = ParquetColumns.Chosen(file, parquet.Schema, _options);
        var columns = fields.Select(field => new RecordColumn(
            field, ParquetColumns.Leaves(field).Select(leaf => parquet.Read(group, leaf))
                .ToArray(), Blocks[block].Rows, $"{file}, row group {group}")).ToArray();
        var paths = new PicturePaths(Path.GetDirectoryName(Path.GetFullPath(file))!, _options);
        var numbered = !HasIds(columns.Select(column => column.Name), _options);
        return new LazyRows(Blocks[block].Rows,
            row => Row(columns, row, firstRow, numbered, $"{file}, row group {group}, row {row}", paths));
    }

    private static object? Value(RecordColumn column, int row, string place)
    {
        try
        {
            return column.Value(row);
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            throw new InvalidDataException($"{place}: expected the parts of column '{column.Name}' to fit each other, "
                + "got some without the rest. The file is damaged: fetch it again.", e);
        }
    }

    private static bool HasIds(IEnumerable<string> columns, RowOptions options) => columns.Any(options.Columns.Id.Contains);

    private VisionExample Row(RecordColumn[] columns, int row, long firstRow, bool numbered, string place, PicturePaths paths)
    {
        object? pictures = null;
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, Readable))
        {
            json.WriteStartObject();
            foreach (var column in columns)
            {
                if (_options.Columns.Images.Contains(column.Name))
                {
                    pictures ??= Value(column, row, place);
                    continue;
                }
                json.WritePropertyName(column.Name);
                if (_otherMedia.Contains(column.Name)) WriteWhetherAny(json, Value(column, row, place));
                else ParquetColumns.Write(json, Value(column, row, place), column.Name, place);
            }
            json.WriteEndObject();
        }
        return _rows.Read(JsonElement.Parse(text.GetBuffer().AsSpan(0, (int)text.Length)), firstRow + row, numbered, place,
            named => Pictures(pictures, named, paths));
    }

    /// <summary>Videos are not read, only noticed.</summary>
    private static void WriteWhetherAny(Utf8JsonWriter json, object? value)
    {
        if (value is null or List<object?> { Count: 0 } or IConvertible and not string) json.WriteNullValue();
        else json.WriteStringValue(ParquetColumns.Words(value));
    }

    private ImageSource[] Pictures(object? value, string place, PicturePaths paths)
    {
        if (_options.Columns.Images.Count == 0) return [];
        return value switch
        {
            null => throw new InvalidDataException($"{place}: expected a picture under {ExampleRow.Names(_options.Columns.Images)}, found none. Add it, or drop the row."),
            List<object?> list => [.. list.Select((item, i) => Picture(item, $"picture {i} of {place}", paths, place))],
            _ => [Picture(value, $"picture of {place}", paths, place)],
        };
    }

    private static ImageSource Picture(object? value, string name, PicturePaths paths, string place)
    {
        var (bytes, path) = value switch
        {
            IReadOnlyDictionary<string, object?> both => (both.GetValueOrDefault("bytes") as byte[], both.GetValueOrDefault("path") as string),
            byte[] alone => (alone, null),
            string alone => (null, alone),
            _ => (null, null),
        };
        if (bytes is { Length: > 0 }) return ImageSource.FromBytes(bytes, path is null ? name : $"{RowText.Short(path, 100)}, {name}");
        return path is not null
            ? paths.At(path, name, place)
            : throw new InvalidDataException($"{place}: expected a picture as bytes, as a path, "
                + $"or as a struct of \"bytes\" and \"path\", got {ParquetColumns.Words(value)}.");
    }
}
