using System.Text.Json;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>Keys of a JSON object that may be absent or null.</summary>
internal static class JsonKeys
{
    public static JsonElement? Find(this JsonElement json, string key)
        => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var found) && found.ValueKind != JsonValueKind.Null ? found : null;

    public static bool IsNull(this JsonElement json, string key)
        => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out var found) && found.ValueKind == JsonValueKind.Null;

    public static JsonElement? Object(this JsonElement json, string key) => json.Find(key) is { ValueKind: JsonValueKind.Object } found ? found : null;

    public static string? Text(this JsonElement json, string key) => json.Find(key) is { ValueKind: JsonValueKind.String } found ? found.GetString() : null;

    public static bool? Bool(this JsonElement json, string key) => json.Find(key)?.GetBoolean();

    public static int Int(this JsonElement json, string key, int otherwise) => json.Find(key)?.GetInt32() ?? otherwise;

    public static double Number(this JsonElement json, string key, double otherwise) => json.Find(key)?.GetDouble() ?? otherwise;

    public static IReadOnlyList<int> Ints(this JsonElement json, string key, IReadOnlyList<int> otherwise)
        => json.Find(key)?.EnumerateArray().Select(n => n.GetInt32()).ToArray() ?? otherwise;
}
