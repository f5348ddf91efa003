using System.Text.Json;

namespace ViSurf.Core.Evaluation;

/// <summary>Members of JSON objects, or a <see cref="FormatException"/> that says which was expected.</summary>
internal static class JsonMembers
{
    public static JsonElement Member(this JsonElement parent, string key)
        => parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(key, out var member)
            ? member
            : throw new FormatException($"expected an object with \"{key}\", got {parent.Quoted()}.");

    public static string Text(this JsonElement parent, string key) => parent.Member(key).AsText(key);

    public static string AsText(this JsonElement element, string key)
        => element.ValueKind == JsonValueKind.String ? element.GetString()! : throw new FormatException($"expected a text under \"{key}\", got {element.Quoted()}.");

    public static string? TextOrNull(this JsonElement parent, string key) => parent.Member(key).ValueKind == JsonValueKind.Null ? null : parent.Text(key);

    public static IEnumerable<JsonElement> List(this JsonElement parent, string key)
        => parent.Member(key) is { ValueKind: JsonValueKind.Array } list
            ? list.EnumerateArray()
            : throw new FormatException($"expected a list under \"{key}\", got {parent.Member(key).Quoted()}.");

    /// <summary>Exactly <paramref name="count"/> numbers.</summary>
    public static double[] Numbers(this JsonElement parent, string key, int count)
    {
        var list = parent.List(key).ToArray();
        return list.Length == count && list.All(n => n.ValueKind == JsonValueKind.Number)
            ? [.. list.Select(n => n.GetDouble())]
            : throw new FormatException($"expected {count} numbers under \"{key}\", got {parent.Member(key).Quoted()}.");
    }

    public static string Quoted(this JsonElement element)
    {
        var raw = element.GetRawText();
        return raw.Length <= 60 ? raw : raw[..60] + "…";
    }
}
