using System.Globalization;
using System.Text.Json;

namespace ViSurf.Core.Data;

/// <summary>A row as one JSON object to one example; errors start with the place.</summary>
/// <param name="options">Columns, prompt and label policy.</param>
/// <param name="source">What the source is called.</param>
internal sealed class ExampleRow(RowOptions options, string source)
{
    // Longer ones are no names: every message, log line and saved state repeats them.
    private const int LongestId = 1000;

    private readonly ColumnMap _columns = options.Columns;
    private readonly string _asText = options.Advice.MarkersAsText ?? RowAdvice.OfOptions.MarkersAsText!;

    private readonly IReadOnlyList<string> _otherMedia = OtherMedia(options);

    /// <summary>
    /// Columns of what is not read, as data sets name them; not those that the options give a meaning, and none where markers are text.
    /// </summary>
    public static IReadOnlyList<string> OtherMedia(RowOptions options)
    {
        var map = options.Columns;
        return options.Markers == MediaMarkers.Text ? []
            : [.. new[] { "videos", "audios", "video", "audio" }
                .Except([.. map.Id, .. map.Question, .. map.Images, .. map.Labels.Select(label => label.Name), map.Width ?? "",
                    map.Height ?? "", map.Source ?? ""])];
    }

    /// <summary>Reads one row.</summary>
    /// <param name="row">Its columns, those with pictures perhaps left out.</param>
    /// <param name="number">Its id where rows have none.</param>
    /// <param name="numbered">Whether the rows of this file have no ids.</param>
    /// <param name="place">File and line.</param>
    /// <param name="images">Its pictures; gets the place with the id.</param>
    public VisionExample Read(JsonElement row, long number, bool numbered, string place, Func<string, ImageSource[]> images)
    {
        numbered |= _columns.Id.Count == 0;
        var parsed = Parse(row, number, numbered, place, images);
        // Outside Parse: what the user's template throws is not an error of the row.
        var question = options.Prompt(parsed.Question);
        try
        {
            var turns = MarkedText.Turns(options.SystemMessage, question, parsed.Pictures.Length, options.Markers, _asText);
            return new VisionExample(parsed.Id, parsed.Pictures, turns, parsed.Label)
            {
                Place = place,
                LabelFrame = parsed.Frame,
                LabelFormat = options.LabelFormat,
                Source = parsed.Source,
                RowNumber = numbered ? number : null,
            };
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"{Named(place, parsed.Id)}: bad question. {e.Message}", e);
        }
    }

    /// <summary>A row's place with its id.</summary>
    private static string Named(string place, string id) => $"{place} (id '{RowText.Short(id, 100)}')";

    private Parsed Parse(JsonElement row, long number, bool numbered, string place, Func<string, ImageSource[]> images)
    {
        if (row.ValueKind != JsonValueKind.Object)
            throw new InvalidDataException($"{place}: expected one JSON object per line, got {RowText.Kind(row)}.");
        try
        {
            var id = Id(row, number, numbered, place);
            place = Named(place, id);
            NoOtherMedia(row, place);
            var from = _columns.Source is { } column ? Text(row, column, place) ?? throw Missing(row, place, "the source", [column])
                : source;
            var (label, frame) = (Label(row, place), options.LabelFrame ?? Frame(row, place));
            if (frame != FrameSize.Shares && LabelGeometry.WithinOnePixel(label) is { } shares)
                throw new InvalidDataException($"{place}: {shares} ({options.Advice.Shares}).");
            return new Parsed(id, Question(row, place), label, images(place), frame, from);
        }
        catch (InvalidOperationException e)
        {
            // The reader says so for a text with half a surrogate pair.
            throw new InvalidDataException($"{place}: expected valid Unicode text, "
                + "got half of a surrogate pair (\\ud800 to \\udfff is half a character).", e);
        }
    }

    private string Id(JsonElement row, long number, bool numbered, string place)
    {
        if (numbered)
            return _columns.Id.Count > 0 && First(row, _columns.Id) is (var column, { } unexpected)
                ? throw new InvalidDataException($"{place}: expected no id, as the first row has none, "
                    + $"got {RowText.Kind(unexpected)} under \"{column}\". Give every row its own id, or none.")
                : number.ToString(CultureInfo.InvariantCulture);
        var found = First(row, _columns.Id);
        var id = found.Value is { } element ? LabelReaders.Scalar(element) : null;
        if (string.IsNullOrWhiteSpace(id))
            throw new InvalidDataException($"{place}: expected a text or a number under {Names(_columns.Id)}, "
                + $"found {(found.Value is { } other ? RowText.Kind(other) : "none")}. "
                + $"Give every row its own id{Or(options.Advice.NumberRows)}.");
        return id.Length <= LongestId ? id
            : throw new InvalidDataException($"{place}: expected an id of at most {LongestId} characters under \"{found.Name}\", "
                + $"got {id.Length}, '{RowText.Short(id)}'. Give rows short ids{Or(options.Advice.NumberRows)}.");
    }

    private void NoOtherMedia(JsonElement row, string place)
    {
        foreach (var name in _otherMedia)
            // A number or a truth value says something about the row, and is no video.
            if (Value(row, name) is { ValueKind: JsonValueKind.String or JsonValueKind.Array or JsonValueKind.Object } value
                && value.GetRawText() is not ("[]" or "\"\""))
                throw new InvalidDataException(
                    $"{place}: expected pictures alone, got {RowText.Kind(value)} under \"{name}\": videos and sound are not read. "
                    + $"Write frames of the video as pictures, drop the row, rename a column that is none, or {_asText}.");
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
            throw new InvalidDataException($"{place}: expected one label, "
                + $"found {string.Join(" and ", labels.Select(l => $"\"{l.Name}\""))}. Remove one, "
                + $"or say in {options.Advice.LabelColumns} which counts.");
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
            : throw new InvalidDataException($"{place}: expected a width and a height of the label's frame, "
                + "found one of them alone. Add the other, or drop it.");
    }

    private int? Side(JsonElement row, string place, string? name, string byDefault)
    {
        if (Value(row, name ?? byDefault) is not { } value)
            return name is null ? null : throw Missing(row, place, "a side of the label's frame", [name]);
        // Tables of numbers may hold them as floating point.
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var side) && side is >= 1 and <= int.MaxValue && side == Math.Floor(side)
            ? (int)side
            : throw new InvalidDataException($"{place}: expected a whole number from 1 up under \"{name ?? byDefault}\", "
                + $"got {RowText.Quote(value)}.");
    }

    private static string? Text(JsonElement row, string name, string place)
    {
        if (Value(row, name) is not { } element) return null;
        return element.ValueKind == JsonValueKind.String
            ? element.GetString()
            : throw new InvalidDataException($"{place}: expected a text under \"{name}\", got {RowText.Kind(element)}.");
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
        => new($"{place}: expected {what} under {Names(names)}, found none; "
            + $"there are {RowText.Names(row.EnumerateObject().Select(p => p.Name))}. Add it, "
            + $"or name its column in {options.Advice.Columns}{otherwise}.");

    private static string Or(string? advice) => advice is null ? "" : $", or {advice}";

    private static JsonElement? Value(JsonElement row, string name)
        => row.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private sealed record Parsed(string Id, string Question, Target? Label, ImageSource[] Pictures, FrameSize? Frame, string Source);
}
