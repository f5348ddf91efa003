using System.Text.Json;

namespace ViSurf.Core.Data;

/// <summary>A row as one JSON object to one example; errors start with the place.</summary>
/// <param name="options">Columns, prompt and label policy.</param>
/// <param name="source">What the source is called.</param>
internal sealed class ExampleRow(RowOptions options, string source)
{
    private readonly ColumnMap _columns = options.Columns;

    /// <summary>Reads one row.</summary>
    /// <param name="row">Its columns, those with pictures perhaps left out.</param>
    /// <param name="number">Its id where rows have none.</param>
    /// <param name="place">File and line.</param>
    /// <param name="images">Its pictures; gets the place with the id.</param>
    public VisionExample Read(JsonElement row, long number, string place, Func<string, ImageSource[]> images)
    {
        var (id, question, label, pictures, frame) = Parse(row, number, place, images);
        // Outside Parse: what the user's template throws is not an error of the row.
        var example = VisionExample.Ask(id, options.Prompt(question), label, pictures) with
        {
            Place = place,
            LabelFrame = frame,
            LabelFormat = options.LabelFormat,
            Source = _columns.Source is { } column ? Text(row, column, place) ?? throw Missing(row, place, "the source", [column]) : source,
        };
        return options.SystemMessage is { } system
            ? example with { Turns = [ChatTurn.System(system), .. example.Turns] }
            : example;
    }

    private (string, string, Target?, ImageSource[], FrameSize?) Parse(JsonElement row, long number, string place, Func<string, ImageSource[]> images)
    {
        try
        {
            if (row.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"{place}: expected one JSON object per line, got {row.ValueKind}.");
            var id = Id(row, number, place);
            place = $"{place} (id '{id}')";
            var (label, frame) = (Label(row, place), options.LabelFrame ?? Frame(row, place));
            if (frame != FrameSize.Shares && LabelGeometry.WithinOnePixel(label) is { } shares) throw new InvalidDataException($"{place}: {shares} ({options.Advice.Shares}).");
            return (id, Question(row, place), label, images(place), frame);
        }
        catch (InvalidOperationException e)
        {
            // The reader says so for a text with half a surrogate pair.
            throw new InvalidDataException($"{place}: expected valid Unicode text: {e.Message}", e);
        }
    }

    private string Id(JsonElement row, long number, string place)
    {
        if (_columns.Id.Count == 0) return number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var id = First(row, _columns.Id) is (_, { } element) ? LabelReaders.Scalar(element) : null;
        return string.IsNullOrWhiteSpace(id)
            ? throw new InvalidDataException($"{place}: expected a text or a number under {Names(_columns.Id)}, found none. Give every row its own id{Or(options.Advice.NumberRows)}.")
            : id;
    }

    private string Question(JsonElement row, string place)
    {
        var question = First(row, _columns.Question) is (var name, { }) ? Text(row, name, place) : null;
        return string.IsNullOrWhiteSpace(question) ? throw Missing(row, place, "a question", _columns.Question) : question;
    }

    private Target? Label(JsonElement row, string place)
    {
        var labels = _columns.Labels.Where(label => Value(row, label.Name) is not null).ToArray();
        if (labels.Length > 1)
            throw new InvalidDataException($"{place}: expected one label, found {string.Join(" and ", labels.Select(l => $"\"{l.Name}\""))}. Remove one, or say in {options.Advice.LabelColumns} which counts.");
        if (labels.Length == 0)
        {
            return options.RequireLabel
                ? throw Missing(row, place, "a label", [.. _columns.Labels.Select(l => l.Name)], Or(options.Advice.WithoutLabels))
                : null;
        }
        try
        {
            return labels[0].Read(Value(row, labels[0].Name)!.Value);
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"{place}: bad \"{labels[0].Name}\". {e.Message}", e);
        }
    }

    private FrameSize? Frame(JsonElement row, string place)
    {
        var (width, height) = (Side(row, place, _columns.Width, "img_width"), Side(row, place, _columns.Height, "img_height"));
        return width is { } w && height is { } h ? new FrameSize(w, h)
            : width is null && height is null ? null
            : throw new InvalidDataException($"{place}: expected a width and a height of the label's frame, found one of them alone. Add the other, or drop it.");
    }

    private int? Side(JsonElement row, string place, string? name, string byDefault)
    {
        if (Value(row, name ?? byDefault) is not { } value)
            return name is null ? null : throw Missing(row, place, "a side of the label's frame", [name]);
        // Tables of numbers may hold them as floating point.
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var side) && side is >= 1 and <= int.MaxValue && side == Math.Floor(side)
            ? (int)side
            : throw new InvalidDataException($"{place}: expected a whole number from 1 up under \"{name ?? byDefault}\", got {LabelReaders.Quote(value)}.");
    }

    private static string? Text(JsonElement row, string name, string place)
    {
        if (Value(row, name) is not { } element) return null;
        return element.ValueKind == JsonValueKind.String
            ? element.GetString()
            : throw new InvalidDataException($"{place}: expected a text under \"{name}\", got {element.ValueKind} {LabelReaders.Quote(element)}.");
    }

    /// <summary>The first of the names that the row has a value for.</summary>
    internal static (string Name, JsonElement? Value) First(JsonElement row, IReadOnlyList<string> names)
    {
        foreach (var name in names)
            if (Value(row, name) is { } value) return (name, value);
        return ("", null);
    }

    internal static string Names(IReadOnlyList<string> names) => string.Join(" or ", names.Select(n => $"\"{n}\""));

    private InvalidDataException Missing(JsonElement row, string place, string what, IReadOnlyList<string> names, string otherwise = "")
        => new($"{place}: expected {what} under {Names(names)}, found none; there are {string.Join(", ", row.EnumerateObject().Select(p => $"\"{p.Name}\""))}. Add it, or name its column in {options.Advice.Columns}{otherwise}.");

    private static string Or(string? advice) => advice is null ? "" : $", or {advice}";

    private static JsonElement? Value(JsonElement row, string name)
        => row.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
