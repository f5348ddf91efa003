using System.Text;
using System.Text.Json;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Tokens.Patterns;

namespace ViSurf.Core.Models.Tokens;

/// <summary>
/// Reads tokenizer.json in full: what changes tokens is either done as the reference does it (tokenizers 0.23) or refused by name, and a
/// key that is not known is refused too.
/// </summary>
internal static class TokenizerJson
{
    /// <summary>GPT-2's words, which a ByteLevel step uses that asks for them.</summary>
    private const string ByteLevelPattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    // Published ones have up to six. Each is compiled on loading.
    private const int MostSteps = 64;

    /// <exception cref="FormatException">Something is missing, wrong or not supported; the message names it.</exception>
    public static TokenizerFiles Read(JsonElement root)
    {
        var file = new JsonPart(root, "");
        file.Known("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model");
        if (file.Find("version") is { } version && version.Text() != "1.0") throw version.Wrong("\"1.0\"");
        var model = file.Get("model");
        Model(model);
        foreach (var limit in (string[])["truncation", "padding"])
            if (file.Find(limit) is { } set) throw set.Wrong("null: lengths are said to the encoder, not to the tokenizer. Set it to null");
        var (vocabulary, merges) = (Vocabulary(model.Get("vocab")), Merges(model.Get("merges")));
        var added = file.Find("added_tokens")?.List().Select(t => Added(t, t.Get("id").Int(), "id")).ToArray() ?? [];
        PassOver(file.Find("post_processor"));
        Decoder(file.Find("decoder"));
        var (normalizer, words) = (Normalizer(file.Find("normalizer")), Words(file.Get("pre_tokenizer")));
        return new TokenizerFiles(vocabulary, merges, added, normalizer, words, model.Flag("ignore_merges", false));
    }

    public static Dictionary<string, int> Vocabulary(JsonPart vocabulary)
    {
        if (!vocabulary.IsObject) throw vocabulary.Wrong("an object of tokens and ids");
        TokenizerCheck.Count("vocabulary entries", vocabulary.Json.GetPropertyCount(), 256, TokenizerCheck.MostTokens);
        var entries = new Dictionary<string, int>(vocabulary.Json.GetPropertyCount(), StringComparer.Ordinal);
        foreach (var entry in vocabulary.Json.EnumerateObject())
            entries.Add(entry.Name, new JsonPart(entry.Value, entry.Name).Int());
        return entries;
    }

    /// <summary>An added token; flags that are not written have the reference's defaults.</summary>
    public static AddedToken Added(JsonPart token, int id, params ReadOnlySpan<string> others)
    {
        token.Known(["content", "lstrip", "rstrip", "single_word", "normalized", "special", .. others]);
        var special = token.Flag("special", false);
        return new AddedToken(token.Get("content").Text(), id, special)
        {
            LeftStrip = token.Flag("lstrip", false),
            RightStrip = token.Flag("rstrip", false),
            SingleWord = token.Flag("single_word", false),
            Normalized = token.Flag("normalized", !special),
        };
    }

    private static void Model(JsonPart model)
    {
        if (model.Find("type") is { } type && type.Text() != "BPE")
            throw new FormatException($"its model type is '{Excerpt.Of(type.Text())}', expected 'BPE'");
        model.Known(
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
                "ignore_merges", "vocab", "merges");
        if (model.Find("dropout") is { } dropout && !(dropout.Json.ValueKind == JsonValueKind.Number && dropout.Json.GetDouble() == 0))
            throw dropout.Wrong("0 or null: merges that are left out at random are not supported");
        foreach (var affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (model.Find(affix) is { } text && text.Text().Length > 0) throw text.Wrong("nothing: byte-level words have no such marks");
        // Without effect where every byte has a token, which is checked; a wrong type is still refused.
        _ = (model.Find("unk_token")?.Text(), model.Flag("fuse_unk", false), model.Flag("byte_fallback", false));
    }

    private static string[] Merges(JsonPart merges)
    {
        if (merges.Json.ValueKind != JsonValueKind.Array) throw merges.Wrong("a list of pairs");
        TokenizerCheck.Count("merges", merges.Json.GetArrayLength(), 0, TokenizerCheck.MostTokens);
        // No names of places for each: there are hundreds of thousands, and the message quotes what is wrong.
        return merges.Json.EnumerateArray().Select(m => new JsonPart(m, merges.Name)).Select(m => m.IsText ? m.Text() : Pair(m)).ToArray();
    }

    private static string Pair(JsonPart merge)
    {
        if (merge.Json.ValueKind != JsonValueKind.Array || merge.Json.GetArrayLength() != 2) throw merge.Wrong("pairs of texts");
        return $"{new JsonPart(merge.Json[0], merge.Name).Text()} {new JsonPart(merge.Json[1], merge.Name).Text()}";
    }

    private static Normalizer Normalizer(JsonPart? normalizer) => new(Steps(normalizer, "normalizers").Select(Form).ToArray());

    private static NormalizationForm Form(JsonPart step)
    {
        step.Known("type");
        return step.Get("type").Text() switch
        {
            "NFC" => NormalizationForm.FormC,
            "NFD" => NormalizationForm.FormD,
            "NFKC" => NormalizationForm.FormKC,
            "NFKD" => NormalizationForm.FormKD,
            _ => throw step.Get("type").Wrong("NFC, NFD, NFKC, NFKD or a Sequence of them"),
        };
    }

    private static List<IWordStep> Words(JsonPart preTokenizer)
    {
        var steps = Steps(preTokenizer, "pretokenizers").ToArray();
        TokenizerCheck.Count("steps in 'pre_tokenizer'", steps.Length, 0, MostSteps);
        if (steps.Length == 0 || steps[^1].Get("type").Text() != "ByteLevel")
            throw preTokenizer.Wrong("steps of which the last is ByteLevel");
        var words = steps[..^1].Select(Step).ToList<IWordStep>();
        var bytes = ByteLevel(steps[^1]);
        if (bytes.Get("add_prefix_space").Flag()) words.Add(new BlankStep());
        if (bytes.Flag("use_regex", true))
            words.Add(new SplitStep(new CodePointPattern(ByteLevelPattern), SplitBehavior.Isolated, invert: false));
        return words;
    }

    private static SplitStep Step(JsonPart step)
    {
        switch (step.Get("type").Text())
        {
            case "Split":
                step.Known("type", "pattern", "behavior", "invert");
                var behavior = step.Get("behavior");
                var names = Enum.GetNames<SplitBehavior>();
                if (!names.Contains(behavior.Text())) throw behavior.Wrong(string.Join(", ", names));
                return new SplitStep(Pattern(step.Get("pattern")), Enum.Parse<SplitBehavior>(behavior.Text()), step.Get("invert").Flag());
            case "Digits":
                step.Known("type", "individual_digits");
                var behaves = step.Get("individual_digits").Flag() ? SplitBehavior.Isolated : SplitBehavior.Contiguous;
                return new SplitStep(new CodePointPattern("\\p{N}"), behaves, invert: false);
            default:
                throw step.Get("type").Wrong("Split or Digits, with ByteLevel behind them");
        }
    }

    private static CodePointPattern Pattern(JsonPart pattern)
    {
        pattern.Known("Regex", "String");
        return (pattern.Find("Regex"), pattern.Find("String")) switch
        {
            ({ } regex, null) => new CodePointPattern(regex.Text()),
            (null, { } text) => CodePointPattern.OfText(text.Text()),
            _ => throw pattern.Wrong("either Regex or String"),
        };
    }

    /// <summary>A post-processor may not add tokens: where a conversation begins and ends is the chat template's to say.</summary>
    private static void PassOver(JsonPart? processor)
    {
        foreach (var step in Steps(processor, "processors"))
            switch (step.Get("type").Text())
            {
                case "ByteLevel":
                    ByteLevel(step);
                    break;
                case "TemplateProcessing":
                    step.Known("type", "single", "pair", "special_tokens");
                    if (step.Get("single").List().ToArray() is not [var only] || only.Find("Sequence")?.Get("id").Text() != "A")
                        throw step.Get("single").Wrong("the text alone: a template that adds tokens is not supported");
                    break;
                default:
                    throw step.Get("type").Wrong("ByteLevel or TemplateProcessing that adds nothing");
            }
    }

    private static void Decoder(JsonPart? decoder)
    {
        foreach (var step in Steps(decoder, "decoders"))
            if (step.Get("type").Text() == "ByteLevel") ByteLevel(step);
            else throw step.Get("type").Wrong("ByteLevel");
    }

    private static JsonPart ByteLevel(JsonPart step)
    {
        step.Known("type", "add_prefix_space", "trim_offsets", "use_regex");
        return step;
    }

    /// <summary>One step or those of a Sequence, however nested; none where there is nothing.</summary>
    private static IEnumerable<JsonPart> Steps(JsonPart? part, string list)
    {
        if (part is not { } step) return [];
        if (step.Get("type").Text() != "Sequence") return [step];
        step.Known("type", list);
        return step.Get(list).List().SelectMany(s => Steps(s, list));
    }
}
