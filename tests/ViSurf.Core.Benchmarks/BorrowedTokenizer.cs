using System.Text.Json.Nodes;
using TinyBase.Checkpoint;
using ViSurf.Core.Models.Tokens;

namespace ViSurf.Core.Benchmarks;

/// <summary>Gives a made checkpoint the tokenizer of another one: its files, and its ids in config.json and generation_config.json.</summary>
internal static class BorrowedTokenizer
{
    private static readonly string[] Files =
        ["tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json", "added_tokens.json", "special_tokens_map.json", "chat_template.json", "chat_template.jinja"];

    private static readonly (string Key, string Token)[] Ids =
    [
        ("bos_token_id", SpecialTokens.EndOfText), ("eos_token_id", SpecialTokens.TurnEnd), ("image_token_id", SpecialTokens.ImagePad),
        ("video_token_id", SpecialTokens.VideoPad), ("vision_start_token_id", SpecialTokens.VisionStart), ("vision_end_token_id", SpecialTokens.VisionEnd),
    ];

    /// <param name="folder">The made checkpoint, without weights.</param>
    /// <param name="source">A checkpoint directory of the family.</param>
    /// <exception cref="InvalidDataException">It lacks one of the family's tokens.</exception>
    public static void Take(string folder, string source)
    {
        var tokenizer = QwenTokenizer.Load(source);
        // A file that only the made tokenizer has would contradict the borrowed ones.
        foreach (var file in Files)
        {
            var (from, to) = (Path.Combine(source, file), Path.Combine(folder, file));
            File.Delete(to);
            if (File.Exists(from)) File.Copy(from, to);
        }
        Edit(folder, "config.json", json =>
        {
            foreach (var (key, token) in Ids) json[key] = tokenizer.Id(token);
            var rows = (tokenizer.VocabularySize + 63) / 64 * 64;
            json["vocab_size"] = Math.Max(json["vocab_size"]!.GetValue<int>(), rows);
        });
        Edit(folder, "generation_config.json", json =>
        {
            var (text, turn) = (tokenizer.Id(SpecialTokens.EndOfText), tokenizer.Id(SpecialTokens.TurnEnd));
            (json["bos_token_id"], json["pad_token_id"], json["eos_token_id"]) = (text, text, new JsonArray(turn, text));
        });
    }

    private static void Edit(string folder, string name, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, name)))!.AsObject();
        change(json);
        JsonFile.Write(folder, name, json);
    }
}
