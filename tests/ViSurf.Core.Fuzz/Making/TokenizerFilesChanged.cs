using System.Text.Json.Nodes;

namespace ViSurf.Core.Fuzz.Making;

/// <summary>
/// Tokenizer files with something changed that matters: by chance alone nearly every change would fall into the vocabulary.
/// </summary>
internal static class TokenizerFilesChanged
{
    private static readonly string[] Sections = ["added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model",
        "truncation", "padding"];
    private static readonly string[] Patterns = ["", "(?=.)", "()", "a*", "(a+)+$", "\\\\p{N}", "\\\\s", "[", ".", "(?s).*", "\\\\b", "^",
        "(?i:'s|'t)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+"];

    /// <summary>One of the files, changed.</summary>
    public static byte[] Of(Dice dice, string name, string text)
    {
        if (name == "merges.txt") return dice.Once(2) ? Bytes.Changed(dice, System.Text.Encoding.UTF8.GetBytes(text)) : Lines(dice, text);
        if (name != "tokenizer.json" || dice.Once(2)) return Json.Changed(dice, text);
        // By chance alone nearly every change would fall into the vocabulary.
        var root = JsonNode.Parse(text)!.AsObject();
        if (dice.Once(4))
        {
            var pattern = root["pre_tokenizer"]?["pretokenizers"]?[0]?["pattern"]?.AsObject();
            if (pattern is not null) pattern["Regex"] = "@pattern@";
            return System.Text.Encoding.UTF8.GetBytes(root.ToJsonString()
                .Replace("@pattern@", dice.Of(Patterns), StringComparison.Ordinal));
        }
        var section = dice.Of(Sections);
        if (section == "model") (root["model"]!["vocab"], root["model"]!["merges"]) = ("@vocab@", "@merges@");
        var part = System.Text.Encoding.UTF8.GetString(Json.Changed(dice, root[section]?.ToJsonString() ?? "null"));
        root[section] = "@part@";
        var model = JsonNode.Parse(text)!["model"]!;
        return System.Text.Encoding.UTF8.GetBytes(root.ToJsonString().Replace("\"@part@\"", part, StringComparison.Ordinal)
            .Replace("\"@vocab@\"", model["vocab"]!.ToJsonString(), StringComparison.Ordinal)
            .Replace("\"@merges@\"", model["merges"]!.ToJsonString(), StringComparison.Ordinal));
    }

    private static byte[] Lines(Dice dice, string text)
    {
        var lines = text.Split('\n').ToList();
        var at = dice.Below(lines.Count);
        if (dice.Once(3)) lines.RemoveAt(at);
        else lines.Insert(at, dice.Of(["", " ", "a", "a b c", "# x", "Ġ Ġ", "zzz yyy", lines[dice.Below(lines.Count)]]));
        return System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }
}
