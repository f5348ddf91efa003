using System.Text.Json.Nodes;

namespace TinyBase.Checkpoint;

/// <summary>Writes the tokenizer as Hugging Face publishes Qwen2.5-VL's: tokenizer.json, vocab.json, merges.txt, tokenizer_config.json.</summary>
internal static class TokenizerFiles
{
    public static void Write(string folder, BytePairVocabulary vocabulary)
    {
        var ids = new JsonObject(vocabulary.Tokens.Select((t, i) => KeyValuePair.Create(t, (JsonNode?)i)));
        JsonFile.Write(folder, "vocab.json", ids);
        File.WriteAllText(Path.Combine(folder, "merges.txt"),
            "#version: 0.2\n" + string.Concat(vocabulary.Merges.Select(m => $"{m.Left} {m.Right}\n")));
        JsonFile.Write(folder, "tokenizer.json", Tokenizer(vocabulary, ids.DeepClone()));
        JsonFile.Write(folder, "tokenizer_config.json", Config(vocabulary.Tokens.Count));
    }

    private static JsonObject Tokenizer(BytePairVocabulary vocabulary, JsonNode ids) => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray([.. SpecialTokens.All.Select((t, i) => Added(t, vocabulary.Tokens.Count + i))]),
        ["normalizer"] = new JsonObject { ["type"] = "NFC" },
        ["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "Split",
                    ["pattern"] = new JsonObject { ["Regex"] = BytePairTrainer.Pattern },
                    ["behavior"] = "Isolated",
                    ["invert"] = false,
                },
                ByteLevel(trimOffsets: false)),
        },
        ["post_processor"] = ByteLevel(trimOffsets: false),
        ["decoder"] = ByteLevel(trimOffsets: false),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = "",
            ["end_of_word_suffix"] = "",
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = false,
            ["vocab"] = ids,
            ["merges"] = new JsonArray([.. vocabulary.Merges.Select(m => JsonValue.Create($"{m.Left} {m.Right}"))]),
        },
    };

    private static JsonObject ByteLevel(bool trimOffsets) => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = false,
        ["trim_offsets"] = trimOffsets,
        ["use_regex"] = false,
    };

    private static JsonObject Added(string token, int? id)
    {
        var added = new JsonObject();
        if (id is not null) added["id"] = id;
        added["content"] = token;
        foreach (var flag in (string[])["lstrip", "normalized", "rstrip", "single_word"]) added[flag] = false;
        added["special"] = SpecialTokens.IsSpecial(token);
        return added;
    }

    private static JsonObject Config(int first) => new()
    {
        ["add_bos_token"] = false,
        ["add_prefix_space"] = false,
        ["added_tokens_decoder"] = new JsonObject(SpecialTokens.All.Select((t, i) => KeyValuePair.Create($"{first + i}", (JsonNode?)Added(t, null)))),
        ["additional_special_tokens"] = new JsonArray(
            [.. SpecialTokens.All.Where(t => SpecialTokens.IsSpecial(t) && t != SpecialTokens.EndOfText).Select(t => JsonValue.Create(t))]),
        ["bos_token"] = null,
        ["chat_template"] = ChatTemplate.Text,
        ["clean_up_tokenization_spaces"] = false,
        ["eos_token"] = SpecialTokens.TurnEnd,
        ["errors"] = "replace",
        ["model_max_length"] = 131072,
        ["pad_token"] = SpecialTokens.EndOfText,
        ["split_special_tokens"] = false,
        ["tokenizer_class"] = "Qwen2Tokenizer",
        ["unk_token"] = null,
    };
}
