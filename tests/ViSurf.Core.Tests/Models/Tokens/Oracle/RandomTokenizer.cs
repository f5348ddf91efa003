using System.Text.Json.Nodes;
using ViSurf.Core.Models.Tokens;

namespace ViSurf.Core.Tests.Models.Tokens.Oracle;

/// <summary>tokenizer.json with random steps, a random normaliser and random added tokens that overlap each other.</summary>
internal sealed class RandomTokenizer(Random random)
{
    /// <summary>Texts of added tokens.</summary>
    public static readonly string[] Added =
        ["<m>", "<", "<m", "m>a", "ab", "cat", "caf\u00E9", "cafe\u0301", " x", "x ", "  ", "𠮷", "e\u0301", "<|im_end|>", "<|im", "|>",
            "\u212A\u212A", "ﬁ", "\n\n"];

    private static readonly string[] Forms = ["NFC", "NFD", "NFKC", "NFKD"];
    private static readonly string[] Behaviors = Enum.GetNames<SplitBehavior>();

    public JsonObject Next()
    {
        var withTokens = random.Next(3) == 0;
        var json = TinyTokenizer.Json([.. Enumerable.Range(0, random.Next(withTokens ? 0 : 1, 3)).Select(_ => Step())]);
        // A blank before every piece says where the pieces begin.
        var steps = json["pre_tokenizer"]!["pretokenizers"]!.AsArray();
        steps[^1] = TinyTokenizer.ByteLevel(prefix: Some(4), words: !Some(6));
        if (!withTokens) return json;
        json["normalizer"] = Some(4) ? new JsonObject { ["type"] = Forms[random.Next(Forms.Length)] } : null;
        var texts = Added.OrderBy(_ => random.Next()).Take(random.Next(1, 7));
        json["added_tokens"] = new JsonArray([.. texts.Select((text, i) => 
            // The reference's process ends where a token of blanks takes the blanks before it and another has taken both.
            TinyTokenizer.Added(text, TinyTokenizer.FirstAdded + i, left: !Some(3) && text.Trim().Length > 0, !Some(3), !Some(3), Some(2),
                Some(2)))]);
        return json;
    }

    private JsonObject Step()
    {
        if (!Some(8)) return new JsonObject { ["type"] = "Digits", ["individual_digits"] = Some(2) };
        var pattern = Some(10) ? new JsonObject { ["Regex"] = new RandomPattern(random).Next() }
            : new JsonObject { ["String"] = RandomText.Next(random, 2) };
        return TinyTokenizer.Split(pattern, Behaviors[random.Next(Behaviors.Length)], Some(2));
    }

    /// <summary>False once in so many times.</summary>
    private bool Some(int times) => random.Next(times) != 0;
}
