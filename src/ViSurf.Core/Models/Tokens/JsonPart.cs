using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Tokens;

/// <summary>A value of a JSON file and its name in it, so that what is wrong or unknown is refused by name.</summary>
/// <param name="json">The value.</param>
/// <param name="name">Its path, such as <c>model.dropout</c>; empty for the whole file.</param>
internal readonly struct JsonPart(JsonElement json, string name)
{
    private const int LongestQuote = 60;

    public JsonElement Json => json;

    public string Name => name;

    public bool IsText => json.ValueKind == JsonValueKind.String;

    public bool IsObject => json.ValueKind == JsonValueKind.Object;

    /// <summary>The value of a key; null where it is absent or null.</summary>
    public JsonPart? Find(string key)
        => !IsObject ? throw Wrong("an object")
            : json.TryGetProperty(key, out var found) && found.ValueKind != JsonValueKind.Null ? new JsonPart(found, Below(key)) : null;

    public JsonPart Get(string key) => Find(key) ?? throw new FormatException($"'{Below(key)}' is not there");

    /// <summary>Refuses keys other than these: an option that is not known may change tokens.</summary>
    public void Known(params ReadOnlySpan<string> keys)
    {
        foreach (var (key, _) in Entries())
            if (!keys.Contains(key))
                throw new FormatException(
                    $"'{Below(key)}' is not an option this library knows (it knows {string.Join(", ", keys!)}). "
                        + $"Remove it if it changes nothing");
    }

    public IEnumerable<(string Key, JsonPart Value)> Entries()
    {
        if (!IsObject) throw Wrong("an object");
        foreach (var entry in json.EnumerateObject()) yield return (entry.Name, new JsonPart(entry.Value, Below(entry.Name)));
    }

    public IEnumerable<JsonPart> List()
    {
        if (json.ValueKind != JsonValueKind.Array) throw Wrong("a list");
        var index = 0;
        foreach (var item in json.EnumerateArray()) yield return new JsonPart(item, $"{name}[{index++}]");
    }

    public string Text()
    {
        if (!IsText) throw Wrong("a text");
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException($"'{Excerpt.Of(name)}' holds half of a surrogate pair", e);
        }
    }

    public int Int() => json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var number) ? number : throw Wrong("a whole number");

    public bool Flag() => json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : throw Wrong("true or false");

    public bool Flag(string key, bool otherwise) => Find(key)?.Flag() ?? otherwise;

    public FormatException Wrong(string expected)
    {
        var (what, raw) = (name.Length == 0 ? "the file" : $"'{name}'", json.GetRawText());
        return new FormatException($"{what} is {(raw.Length > LongestQuote ? raw[..LongestQuote] + "…" : raw)}, expected {expected}");
    }

    private string Below(string key) => name.Length == 0 ? key : $"{name}.{key}";
}
