using System.Text.Json;

namespace ViSurf.Core.Common;

/// <summary>
/// An object of a settings file, read key by key. A key may be absent or null; a value of another kind is an error that names the key, the
/// value and what was expected, and is never taken for an absent one.
/// </summary>
/// <param name="Json">The object; the default for one that is not there, where every key is absent.</param>
/// <param name="Place">What stands before its keys in messages: <c>vision_config.</c>, or nothing at the root.</param>
internal readonly record struct JsonSettings(JsonElement Json, string Place = "")
{
    private const int LongestQuote = 60;

    /// <summary>The whole file.</summary>
    /// <exception cref="FormatException">It holds something else than an object.</exception>
    public static JsonSettings Root(JsonDocument file)
        => file.RootElement.ValueKind == JsonValueKind.Object ? new(file.RootElement)
            : throw new FormatException($"the file is {Quote(file.RootElement)}, expected an object.");

    public JsonElement? Find(string key)
        => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(key, out var found) && found.ValueKind != JsonValueKind.Null
            ? found : null;

    /// <summary>Whether the key is there and null.</summary>
    public bool IsNull(string key) => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(key, out var found)
        && found.ValueKind == JsonValueKind.Null;

    public JsonSettings? Object(string key)
        => Find(key) is not { } found ? null : found.ValueKind == JsonValueKind.Object ? new(found, $"{Place}{key}.")
            : throw Wrong(key, found, "an object");

    public string? Text(string key) => Find(key) is { } found ? Text(key, found) : null;

    public bool? Bool(string key)
        => Find(key) is not { } found ? null : found.ValueKind is JsonValueKind.True or JsonValueKind.False ? found.GetBoolean()
            : throw Wrong(key, found, "true or false");

    /// <summary>An integer of 32 bits, written without a decimal point.</summary>
    public int? Int(string key) => Find(key) is { } found ? Int(key, found) : null;

    public int Int(string key, int otherwise) => Int(key) ?? otherwise;

    /// <summary>A whole number of 64 bits, also where it is written as a float (20000.0), as Python reads it.</summary>
    public long? Whole(string key)
        => Find(key) is not { } found ? null
            : found.ValueKind != JsonValueKind.Number ? throw Wrong(key, found, "a whole number")
            : found.TryGetInt64(out var whole) ? whole
            // Beyond 2⁵³ a float does not say which whole number it is.
            : found.TryGetDouble(out var number) && number == Math.Floor(number) && Math.Abs(number) <= 1L << 53 ? (long)number
            : throw Wrong(key, found, "a whole number up to 2^53");

    /// <summary>A finite number.</summary>
    public double? Number(string key) => Find(key) is { } found ? Number(key, found) : null;

    public double Number(string key, double otherwise) => Number(key) ?? otherwise;

    public IReadOnlyList<int>? Ints(string key) => List(key, "a list of integers", Int);

    public IReadOnlyList<double>? Numbers(string key) => List(key, "a list of numbers", Number);

    public IReadOnlyList<string>? Texts(string key) => List(key, "a list of texts", Text);

    /// <summary>The error for a value that is not what it should be.</summary>
    public FormatException Wrong(string key, JsonElement value, string expected)
        => new($"{Place}{Excerpt.Of(key)} is {Quote(value)}, expected {expected}.");

    /// <summary>The same for a key that is there.</summary>
    public FormatException Wrong(string key, string expected) => Wrong(key, Json.GetProperty(key), expected);

    private List<T>? List<T>(string key, string expected, Func<string, JsonElement, T> read)
    {
        if (Find(key) is not { } found) return null;
        if (found.ValueKind != JsonValueKind.Array) throw Wrong(key, found, expected);
        var items = new List<T>(found.GetArrayLength());
        foreach (var item in found.EnumerateArray()) items.Add(read($"{key}[{items.Count}]", item));
        return items;
    }

    private string Text(string key, JsonElement value) => TextOf(value) ?? throw Wrong(key, value, "a text");

    private int Int(string key, JsonElement value)
        => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number
            : throw Wrong(key, value, value.ValueKind == JsonValueKind.Number && !value.GetRawText().AsSpan().ContainsAny(".eE")
                ? $"an integer between {int.MinValue} and {int.MaxValue}" : "an integer");

    private double Number(string key, JsonElement value)
        => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number
            : throw Wrong(key, value, "a finite number");

    /// <summary>A value's text; null where it is none.</summary>
    public static string? TextOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Quote(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= LongestQuote ? text : $"{text.AsSpan(0, LongestQuote)}…";
    }
}
