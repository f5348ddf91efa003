using System.Text.Json;
using System.Text.Unicode;
using Parquet.Schema;

namespace ViSurf.Core.Data.Sources;

/// <summary>Which columns of a Parquet file are read, and their values as JSON.</summary>
internal static class ParquetColumns
{
    // No question and no label is longer; what is has ended in the wrong column.
    private const int LongestText = 1 << 22;
    private static readonly System.Globalization.CultureInfo Invariant = System.Globalization.CultureInfo.InvariantCulture;

    /// <summary>The fields that a column map asks for.</summary>
    /// <exception cref="InvalidDataException">One that rows need is missing; lists the columns there are.</exception>
    public static IReadOnlyList<Field> Chosen(string file, ParquetSchema schema, RowOptions options)
    {
        var map = options.Columns;
        if (schema.Fields.GroupBy(field => field.Name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new InvalidDataException($"{file}: expected columns with different names, "
                + $"got two called \"{RowText.Short(twice.Key)}\". Write the file with one of them renamed.");
        var fields = schema.Fields.ToDictionary(field => field.Name, StringComparer.Ordinal);
        if (!map.NumbersRowsWithoutId) Need(map.Id, "an id", options.Advice.NumberRows);
        Need(map.Question, "a question");
        Need(map.Images, "pictures");
        if (options.RequireLabel) Need([.. map.Labels.Select(label => label.Name)], "a label");
        foreach (var name in new[] { map.Width, map.Height, map.Source })
            if (name is not null) Need([name], $"what {options.Advice.Columns} asks for");
        string?[] wanted = [.. map.Id, .. map.Question, .. map.Images, .. map.Labels.Select(label => label.Name), map.Width ?? "img_width",
            map.Height ?? "img_height", map.Source, .. ExampleRow.OtherMedia(options)];
        var chosen = wanted.OfType<string>().Distinct(StringComparer.Ordinal).Where(fields.ContainsKey).Select(name => fields[name])
            .ToArray();
        foreach (var field in chosen) _ = Leaves(field, file).Count();
        return chosen;

        void Need(IReadOnlyList<string> names, string what, string? otherwise = null)
        {
            if (names.Count > 0 && !names.Any(fields.ContainsKey))
                throw new InvalidDataException(
                    $"{file}: expected a column with {what} under {ExampleRow.Names(names)}, found none; "
                        + $"there are {RowText.Names(schema.Fields.Select(field => field.Name))}. "
                    + $"Name it in {options.Advice.Columns}{(otherwise is not null ? ", or " + otherwise : options.Advice.WithoutColumn is { } without ? "; " + without : "")}.");
        }
    }

    /// <summary>The columns of numbers, texts and bytes that a field is made of.</summary>
    public static IEnumerable<DataField> Leaves(Field field, string file = "") => field switch
    {
        DataField leaf => [leaf],
        StructField record => record.Fields.SelectMany(member => Leaves(member, file)),
        ListField list => Leaves(list.Item, file),
        _ => throw new InvalidDataException(
            $"{file}: expected numbers, texts, bytes, structs and lists in column '{RowText.Short(field.Path.ToString())}', "
                + "got a map. Name another column for what it should hold."),
    };

    /// <summary>A value in words, for messages.</summary>
    public static string Words(object? value) => value switch
    {
        null => "nothing",
        string text => $"the text '{RowText.Short(text)}'",
        byte[] bytes => $"{bytes.Length} bytes",
        List<object?> => "a list",
        IReadOnlyDictionary<string, object?> members => $"a struct of {RowText.Names(members.Keys)}",
        DateTime or DateOnly => "a date",
        TimeSpan or TimeOnly => "a time",
        IFormattable number => number.ToString(null, Invariant),
        _ => "a value of another kind",
    };

    /// <summary>A value as JSON; bytes are taken for UTF-8 text, as some writers store it.</summary>
    /// <exception cref="InvalidDataException">Bytes are no text, a number is not finite, or it is a value of another kind.</exception>
    public static void Write(Utf8JsonWriter json, object? value, string column, string place)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case string { Length: > LongestText } or byte[] { Length: > LongestText }:
                throw new InvalidDataException($"{place}: expected texts of at most {LongestText} characters in column \"{column}\", "
                    + $"got a longer one. Drop the row, or name another column.");
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            // The writer itself would put U+FFFD in place of what it cannot read.
            case byte[] bytes when Utf8.IsValid(bytes): json.WriteStringValue(bytes); break;
            case byte[]: throw new InvalidDataException($"{place}: expected UTF-8 text in column \"{column}\", "
                + "found other bytes. Convert the file, or read another column for what this one should hold.");
            case float number when float.IsFinite(number):
                json.WriteRawValue(JsonText.Float(double.Parse(number.ToString("R", Invariant), Invariant))); break;
            case double number when double.IsFinite(number): json.WriteRawValue(JsonText.Float(number)); break;
            case decimal number: json.WriteNumberValue(number); break;
            case ulong number: json.WriteNumberValue(number); break;
            case sbyte or byte or short or ushort or int or uint or long:
                json.WriteNumberValue(Convert.ToInt64(value, Invariant));
                break;
            case List<object?> list:
                json.WriteStartArray();
                foreach (var item in list) Write(json, item, column, place);
                json.WriteEndArray();
                break;
            case IReadOnlyDictionary<string, object?> members:
                json.WriteStartObject();
                foreach (var (name, item) in members)
                {
                    json.WritePropertyName(name);
                    Write(json, item, column, place);
                }
                json.WriteEndObject();
                break;
            default:
                throw new InvalidDataException($"{place}: expected texts and finite numbers in column \"{column}\", got {Words(value)}.");
        }
    }
}
