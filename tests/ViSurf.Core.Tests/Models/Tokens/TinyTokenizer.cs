using System.Text.Json.Nodes;
using ViSurf.Core.Models.Tokens;
using ViSurf.Core.Tests.Support;

namespace ViSurf.Core.Tests.Models.Tokens;

/// <summary>The smallest tokenizer.json there is: the 256 bytes, no merges, so that an id below 256 is a byte. Tests change it.</summary>
internal static class TinyTokenizer
{
    /// <summary>Ids of added tokens begin here.</summary>
    public const int FirstAdded = 256;

    public static JsonObject Json(params JsonNode[] steps) => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray(),
        ["normalizer"] = null,
        ["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray([.. steps, ByteLevel()]) },
        ["post_processor"] = null,
        ["decoder"] = ByteLevel(),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = false,
            ["vocab"] = new JsonObject(ByteLetters.All.Select((letter, b) => KeyValuePair.Create(letter.ToString(), (JsonNode?)b))),
            ["merges"] = new JsonArray(),
        },
    };

    public static JsonObject ByteLevel(bool prefix = false, bool words = false)
        => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = prefix, ["trim_offsets"] = true, ["use_regex"] = words };

    public static JsonObject Split(JsonObject pattern, string behavior = "Isolated", bool invert = false)
        => new() { ["type"] = "Split", ["pattern"] = pattern, ["behavior"] = behavior, ["invert"] = invert };

    public static JsonObject Split(string regex, string behavior = "Isolated", bool invert = false)
        => Split(new JsonObject { ["Regex"] = regex }, behavior, invert);

    public static JsonObject Added(string text, int id, bool left = false, bool right = false, bool word = false, bool normalized = false,
        bool special = false) => new()
    {
        ["id"] = id,
        ["content"] = text,
        ["single_word"] = word,
        ["lstrip"] = left,
        ["rstrip"] = right,
        ["normalized"] = normalized,
        ["special"] = special,
    };

    public static QwenTokenizer Load(JsonNode json, JsonNode? config = null)
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder.File("tokenizer.json"), json.ToJsonString());
        if (config is not null) File.WriteAllText(folder.File("tokenizer_config.json"), config.ToJsonString());
        return QwenTokenizer.Load(folder.Path);
    }
}
