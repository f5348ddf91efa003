using System.Text.Json;

namespace ViSurf.Core.Data;

/// <summary>One line of a JSON Lines file to one example; errors start with the place.</summary>
/// <param name="folder">What image paths are relative to.</param>
/// <param name="options">Columns, prompt and label policy.</param>
/// <param name="source">What the source is called.</param>
internal sealed class JsonLinesRow(string folder, RowOptions options, string source)
{
    private readonly ExampleRow _row = new(options, source);

    public VisionExample Read(string line, long number, string place)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var row = document.RootElement;
            return _row.Read(row, number, place, named => Images(row, named));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{place}: expected one JSON object per line: {e.Message}", e);
        }
    }

    private ImageSource[] Images(JsonElement row, string place)
    {
        if (options.Columns.Images.Count == 0) return [];
        var (_, value) = ExampleRow.First(row, options.Columns.Images);
        string?[] paths = value switch
        {
            { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(Path)],
            { } single => [Path(single)],
            null => throw new InvalidDataException(
                $"{place}: expected a path or a list of paths under {ExampleRow.Names(options.Columns.Images)}, found neither. "
                + "A row without pictures says so with \"images\": []."),
        };
        return paths.Select(path => PictureFile.In(folder, path, place)).ToArray();
    }

    private static string? Path(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;
}

/// <summary>Pictures that rows name by their path.</summary>
internal static class PictureFile
{
    /// <summary>The picture at a path relative to a folder.</summary>
    /// <exception cref="InvalidDataException">No path, or no file there.</exception>
    public static ImageSource In(string folder, string? path, string place)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new InvalidDataException($"{place}: expected every image to be a path, got a blank or something that is not a text.");
        var full = Path.Combine(folder, path);
        return File.Exists(full)
            ? ImageSource.FromFile(full)
            : throw new InvalidDataException($"{place}: expected the picture '{path}' at '{full}', found no such file.");
    }
}
