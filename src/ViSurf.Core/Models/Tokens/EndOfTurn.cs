using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Tokens;

/// <summary>Which tokens end an answer.</summary>
internal static class EndOfTurn
{
    public const string TurnEnd = "<|im_end|>", GenerationFile = "generation_config.json", ConfigFile = "config.json";
    private const string Key = "eos_token_id";

    /// <summary>
    /// The end of a chat turn, first, and <c>eos_token_id</c> (a number or a list) of generation_config.json, or, where there is no such
    /// file, of config.json, from which transformers makes one.
    /// </summary>
    public static IReadOnlyList<int> Read(string directory, QwenTokenizer tokenizer)
    {
        var turnEnd = tokenizer.Id(TurnEnd);
        if ((LinkRule.Find(directory, GenerationFile) ?? LinkRule.Find(directory, ConfigFile)) is not { } path) return [turnEnd];
        try
        {
            using var json = BoundedFile.Json(path);
            return [.. Ids(json.RootElement).Prepend(turnEnd).Distinct()];
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"Expected a number or a list of numbers as {Key} in '{path}': {e.Message}", e);
        }
    }

    /// <summary>The ends that a file names; those of <c>text_config</c> where the root names none.</summary>
    /// <exception cref="FormatException">The value is something else.</exception>
    public static IReadOnlyList<int> Ids(JsonElement root)
    {
        if (Value(root, Key) is not { } value) return [];
        var ids = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value];
        return [.. ids.Select(id => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var number) && number >= 0
            ? number : throw new FormatException($"got {(id.GetRawText() is { Length: > 40 } text ? text[..40] + "…" : id.GetRawText())}"))];
    }

    /// <summary>A key of the root, or of <c>text_config</c> where the root has none; null for none.</summary>
    public static JsonElement? Value(JsonElement root, string key)
        => root.ValueKind != JsonValueKind.Object ? throw new FormatException("it holds no JSON object")
            : root.TryGetProperty(key, out var own) && own.ValueKind != JsonValueKind.Null ? own
            : root.TryGetProperty("text_config", out var text) && text.ValueKind == JsonValueKind.Object
                && text.TryGetProperty(key, out var nested)
                && nested.ValueKind != JsonValueKind.Null ? nested
            : null;
}
