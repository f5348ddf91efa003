using System.Text.Json;
using System.Text.Unicode;

namespace ViSurf.Core.Data;

/// <summary>One line of a JSON Lines file to one example; errors start with the place.</summary>
/// <param name="folder">What image paths are relative to.</param>
/// <param name="options">Columns, prompt and label policy.</param>
/// <param name="source">What the source is called.</param>
internal sealed class JsonLinesRow(string folder, RowOptions options, string source)
{
    private readonly ExampleRow _row = new(options, source);
    private readonly PicturePaths _pictures = new(folder, options);

    /// <param name="line">Its bytes.</param>
    /// <param name="number">Its id where rows have none.</param>
    /// <param name="numbered">Whether the rows of this file have no ids.</param>
    /// <param name="place">File and line.</param>
    public VisionExample Read(ReadOnlyMemory<byte> line, long number, bool numbered, string place)
    {
        if (!Utf8.IsValid(line.Span)) throw new InvalidDataException($"{place}: expected UTF-8 text, found other bytes. Convert the file.");
        JsonDocument document;
        try
        {
            document = RowText.Parse(line);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"{place}: expected one JSON object per line, got {e.Message}.", e);
        }
        using (document)
        {
            var row = document.RootElement;
            return _row.Read(row, number, numbered, place, named => Images(row, named));
        }
    }

    /// <summary>Whether a row has none of the columns with ids.</summary>
    /// <returns>false as well for what is no row: whoever reads it says so.</returns>
    public static bool LacksId(ReadOnlyMemory<byte> line, IReadOnlyList<string> names)
    {
        try
        {
            using var document = RowText.Parse(line);
            return document.RootElement is { ValueKind: JsonValueKind.Object } row && !names.Any(name => row.TryGetProperty(name, out _));
        }
        catch (FormatException)
        {
            return false;
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
        return [.. paths.Select((path, i) => _pictures.At(path, $"picture {i} of {place}", place))];
    }

    private static string? Path(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;
}
