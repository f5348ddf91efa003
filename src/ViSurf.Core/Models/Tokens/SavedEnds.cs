using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Tokens;

/// <summary>
/// <c>eos_token_id</c> of a saved generation_config.json. A policy learns to stop at the end of a chat turn; a base model's file names
/// another token, and transformers and vLLM, which go by the file, would run on past the answer.
/// </summary>
internal static class SavedEnds
{
    private static readonly string[] Carried = ["bos_token_id", "pad_token_id"];
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file with every end in one list, all else as it was; the same bytes where it names them already.</summary>
    /// <param name="generation">generation_config.json; null where there is none.</param>
    /// <param name="config">config.json, from which transformers makes the other one where it is absent.</param>
    /// <param name="ends">What the policy stops at.</param>
    /// <returns>null where there is no file and config.json names them all.</returns>
    public static byte[]? Write(byte[]? generation, byte[] config, IReadOnlyList<int> ends)
    {
        using var source = JsonDocument.Parse(BoundedFile.WithoutMark(generation ?? config));
        var named = EndOfTurn.Ids(source.RootElement);
        if (ends.All(named.Contains)) return generation;
        var root = generation is null ? Defaults(source.RootElement) : JsonNode.Parse(BoundedFile.WithoutMark(generation).Span)!.AsObject();
        root["eos_token_id"] = new JsonArray([.. ends.Concat(named).Distinct().Select(id => JsonValue.Create(id))]);
        return JsonSerializer.SerializeToUtf8Bytes(root, Indented);
    }

    /// <summary>Id of the end of a chat turn by the tokenizer's files; null where they do not list it.</summary>
    /// <param name="tokenizer">tokenizer.json.</param>
    /// <param name="tokenizerConfig">tokenizer_config.json.</param>
    public static int? TurnEnd(byte[]? tokenizer, byte[]? tokenizerConfig)
    {
        if (tokenizer is not null)
        {
            using var json = JsonDocument.Parse(BoundedFile.WithoutMark(tokenizer));
            if (json.RootElement.TryGetProperty("added_tokens", out var list) && list.ValueKind == JsonValueKind.Array)
                foreach (var token in list.EnumerateArray())
                    if (IsTurnEnd(token) && token.TryGetProperty("id", out var id)) return id.GetInt32();
        }
        if (tokenizerConfig is null) return null;
        using var other = JsonDocument.Parse(BoundedFile.WithoutMark(tokenizerConfig));
        return other.RootElement.TryGetProperty("added_tokens_decoder", out var decoder) && decoder.ValueKind == JsonValueKind.Object
            && decoder.EnumerateObject().FirstOrDefault(t => IsTurnEnd(t.Value)) is { Value.ValueKind: JsonValueKind.Object } found
            && int.TryParse(found.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static bool IsTurnEnd(JsonElement token)
        => token.ValueKind == JsonValueKind.Object && token.TryGetProperty("content", out var content)
            && content.ValueKind == JsonValueKind.String && content.ValueEquals(EndOfTurn.TurnEnd);

    /// <summary>What transformers would take from config.json, and no longer does once there is a file.</summary>
    private static JsonObject Defaults(JsonElement config)
    {
        var root = new JsonObject();
        foreach (var key in Carried)
            if (EndOfTurn.Value(config, key) is { ValueKind: JsonValueKind.Number } value) root[key] = JsonNode.Parse(value.GetRawText());
        return root;
    }
}
