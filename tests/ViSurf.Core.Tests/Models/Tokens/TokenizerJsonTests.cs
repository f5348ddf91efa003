using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Models.Tokens;
using Xunit;

namespace ViSurf.Core.Tests.Models.Tokens;

/// <summary>tokenizer.json is read in full: an option that changes tokens is done as the reference does it, or refused by name.</summary>
public sealed class TokenizerJsonTests
{
    private static readonly JsonObject Numbers = TinyTokenizer.Split(@"\p{N}{1,3}");

    /// <summary>A change of the smallest tokenizer.json, as a path and a value, and what the refusal says.</summary>
    public static TheoryData<string, string, string> Refusals => new()
    {
        { "surprise", "1", "*'surprise' is not an option this library knows*" },
        { "version", "\"2.0\"", "*'version' is \"2.0\", expected \"1.0\"*" },
        { "truncation", """{"max_length": 5}""", "*'truncation' is*null*" },
        { "padding", """{"length": 5}""", "*'padding' is*null*" },
        { "model.type", "\"WordPiece\"", "*'WordPiece', expected 'BPE'*" },
        { "model.dropout", "0.1", "*'model.dropout' is 0.1, expected 0 or null*" },
        { "model.continuing_subword_prefix", "\"##\"", "*'model.continuing_subword_prefix'*" },
        { "model.end_of_word_suffix", "\"</w>\"", "*'model.end_of_word_suffix'*" },
        { "model.byte_fallback", "\"yes\"", "*'model.byte_fallback' is \"yes\", expected true or false*" },
        { "model.ignore_merges", "1", "*'model.ignore_merges' is 1, expected true or false*" },
        { "model.unk_id", "1", "*'model.unk_id' is not an option*" },
        { "model.vocab", "[]", "*'model.vocab' is [], expected an object*" },
        { "normalizer", """{"type": "Lowercase"}""", "*'normalizer.type' is \"Lowercase\", expected NFC*" },
        { "normalizer", """{"type": "NFC", "extra": 1}""", "*'normalizer.extra' is not an option*" },
        { "normalizer", """{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Strip"}]}""",
            "*'normalizer.normalizers*1*.type' is \"Strip\"*" },
        { "normalizer", "\"NFC\"", "*'normalizer' is \"NFC\", expected an object*" },
        { "pre_tokenizer", "null", "*'pre_tokenizer' is not there*" },
        { "pre_tokenizer", """{"type": "Whitespace"}""", "*expected steps of which the last is ByteLevel*" },
        { "pre_tokenizer.pretokenizers.0", """{"type": "Punctuation"}""", "*\"Punctuation\", expected Split or Digits*" },
        { "pre_tokenizer.pretokenizers.0", """{"type": "ByteLevel", "add_prefix_space": true}""",
            "*\"ByteLevel\", expected Split or Digits*" },
        { "pre_tokenizer.pretokenizers.0.behavior", "\"Kept\"", "*.behavior' is \"Kept\", expected Removed, Isolated*" },
        { "pre_tokenizer.pretokenizers.0.behavior", "null", "*.behavior' is not there*" },
        { "pre_tokenizer.pretokenizers.0.invert", "\"no\"", "*.invert' is \"no\", expected true or false*" },
        { "pre_tokenizer.pretokenizers.0.pattern", "{}", "*.pattern' is {}, expected either Regex or String*" },
        { "pre_tokenizer.pretokenizers.0.pattern", """{"Regex": "\\p{Han}"}""", "*the property 'Han'*" },
        { "pre_tokenizer.pretokenizers.0.limit", "1", "*.limit' is not an option*" },
        { "pre_tokenizer.pretokenizers.1.add_prefix_space", "null", "*.add_prefix_space' is not there*" },
        { "pre_tokenizer.pretokenizers.1.unknown", "1", "*.unknown' is not an option*" },
        { "post_processor", """{"type": "BertProcessing"}""", "*'post_processor.type' is \"BertProcessing\"*" },
        { "post_processor", """{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "a", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}""", "*a template that adds tokens*" },
        { "decoder", """{"type": "Metaspace"}""", "*'decoder.type' is \"Metaspace\", expected ByteLevel*" },
        { "added_tokens", """[{"id": 256, "content": "a<", "surprise": true}]""", "*'added_tokens*0*.surprise' is not an option*" },
        { "added_tokens", """[{"id": 256, "content": "a<", "lstrip": 1}]""", "*.lstrip' is 1, expected true or false*" },
        { "added_tokens", """[{"id": 257, "content": "a<"}]""", "*'a<' is listed with id 257, but transformers gives it 256*" },
        { "added_tokens", """[{"content": "a<"}]""", "*'added_tokens*0*.id' is not there*" },
        { "added_tokens", """[{"id": 256, "content": "\ud800"}]""", "*half of a surrogate pair*" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public void An_option_that_is_not_supported_is_refused_by_name(string path, string value, string message)
    {
        var json = TinyTokenizer.Json(Numbers.DeepClone());
        var keys = path.Split('.');
        JsonNode at = json;
        foreach (var key in keys[..^1]) at = int.TryParse(key, out var index) ? at[index]! : at[key]!;
        var node = value.Contains("\\ud", StringComparison.Ordinal) ? JsonValue.Create("PLACE") : JsonNode.Parse(value);
        if (int.TryParse(keys[^1], out var last)) at.AsArray()[last] = node;
        else at[keys[^1]] = node;
        using var folder = new Support.TemporaryDirectory();
        File.WriteAllText(folder.File("tokenizer.json"), json.ToJsonString().Replace("\"PLACE\"", value, StringComparison.Ordinal));
        var load = () => QwenTokenizer.Load(folder.Path);
        load.Should().Throw<InvalidDataException>().WithMessage(message).And.Message.Should()
            .Contain("tokenizer.json").And.NotContain("System.");
    }

    [Theory]
    // Every byte has a token, so there is nothing unknown; no merges are left out; nothing stands around the text.
    [InlineData("model.byte_fallback", "true"), InlineData("model.fuse_unk", "true"), InlineData("model.unk_token", "\"a\""),
        InlineData("model.dropout", "0.0")]
    [InlineData("post_processor",
        """{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}], "pair": [], "special_tokens": {}}""")]
    [InlineData("normalizer", """{"type": "Sequence", "normalizers": []}"""), InlineData("decoder", "null")]
    public void What_changes_no_token_is_accepted(string path, string value)
    {
        var json = TinyTokenizer.Json(Numbers.DeepClone());
        var keys = path.Split('.');
        (keys.Length == 1 ? json : json[keys[0]]!)[keys[^1]] = JsonNode.Parse(value);
        TinyTokenizer.Load(json).Encode("ae\u0301").Should().Equal('a', 'e', 0xCC, 0x81);
    }

    [Fact]
    public void More_steps_than_any_tokenizer_has_are_refused_before_they_are_compiled()
    {
        var load = () => TinyTokenizer.Load(TinyTokenizer.Json([.. Enumerable.Range(0, 100).Select(_ => Numbers.DeepClone())]));
        load.Should().Throw<InvalidDataException>().WithMessage("*101 steps in 'pre_tokenizer', expected 0 to 64*");
    }

    [Fact]
    public void Several_splits_work_one_after_the_other_as_in_DeepSeeks_tokenizers()
    {
        // A word that is cut gets a blank before it, so the text says where the cuts are.
        var json = TinyTokenizer.Json(TinyTokenizer.Split(@"\p{N}{1,3}"), TinyTokenizer.Split("[一-龥぀-ゟ゠-ヿ]+"),
            TinyTokenizer.Split(@"\s?\p{L}+"));
        json["pre_tokenizer"]!["pretokenizers"]![3] = TinyTokenizer.ByteLevel(prefix: true);
        Pieces(json, "ab1234中文cd!").Should().Be(" ab 123 4 中文 cd !");
        Pieces(json, "There are 123 Red dogs").Should().Be(" There are  123 Red dogs", "what the first pattern does not match is kept");
    }

    [Theory]
    [InlineData(true, " a 1 2 b"), InlineData(false, " a 12 b")]
    public void Digits_stand_alone_or_together(bool individual, string pieces)
    {
        var json = TinyTokenizer.Json(new JsonObject { ["type"] = "Digits", ["individual_digits"] = individual });
        json["pre_tokenizer"]!["pretokenizers"]![1] = TinyTokenizer.ByteLevel(prefix: true);
        Pieces(json, "a12b").Should().Be(pieces);
    }

    [Fact]
    public void A_ByteLevel_step_alone_may_split_as_GPT_2_and_put_a_blank_in_front()
    {
        var json = TinyTokenizer.Json();
        json["pre_tokenizer"] = TinyTokenizer.ByteLevel(prefix: true, words: true);
        Pieces(json, "ab's").Should().Be(" ab's");
        Pieces(json, " ab").Should().Be(" ab");
    }

    [Theory]
    // é as one and as two characters, and the ligature ﬁ.
    [InlineData(null, "e\u0301ﬁ", "e\u0301ﬁ"), InlineData("NFC", "e\u0301ﬁ", "éﬁ"), InlineData("NFD", "éﬁ", "e\u0301ﬁ"),
        InlineData("NFKC", "e\u0301ﬁ", "éfi"), InlineData("NFKD", "éﬁ", "e\u0301fi")]
    // Characters that are younger than the reference's tables pass as they are: Dives Akuru's vowel of Unicode 13, an arabic mark of 16.
    [InlineData("NFD", "\U00011938", "\U00011938"), InlineData("NFC", "a\u0345\u0897", "a\u0345\u0897"),
        InlineData("NFC", "e\u0301\uFFFEe\u0301", "é\uFFFEé")]
    public void The_normaliser_is_the_files(string? form, string text, string normalized)
    {
        var json = TinyTokenizer.Json();
        json["normalizer"] = form is null ? null
            : new JsonObject { ["type"] = "Sequence", ["normalizers"] = new JsonArray(new JsonObject { ["type"] = form }) };
        TinyTokenizer.Load(json).Encode(text).Select(id => (byte)id).Should().Equal(System.Text.Encoding.UTF8.GetBytes(normalized));
    }

    [Fact]
    public void A_word_that_is_an_entry_stays_whole_where_merges_are_ignored()
    {
        // No merge makes "abc", so it is reached as a whole word only.
        var json = TinyTokenizer.Json(TinyTokenizer.Split(@"\p{L}+"));
        (json["model"]!["vocab"]!["ab"], json["model"]!["vocab"]!["abc"]) = (256, 257);
        json["model"]!["merges"] = new JsonArray("a b");
        var load = () => TinyTokenizer.Load(json);
        load.Should().Throw<InvalidDataException>().WithMessage("*no merge makes 1 of*'abc'*");
        json["model"]!["ignore_merges"] = true;
        load().Encode("abc abcd ab").Should().Equal(257, ' ', 256, 'c', 'd', ' ', 256);
    }

    [Theory]
    [InlineData("", 0xD83D, ""), InlineData("ab", 0xDE00, "c"), InlineData("😀", 0xD83D, "\n")]
    public void Half_of_a_surrogate_pair_is_refused_with_its_place(string before, int unit, string after)
    {
        var encode = () => TinyTokenizer.Load(TinyTokenizer.Json()).Encode(before + (char)unit + after);
        encode.Should().Throw<InvalidDataException>().WithMessage($"*half of a surrogate pair (U+{unit:X4}) at position {before.Length}*");
    }

    [Fact]
    public void Every_noncharacter_is_encoded_as_its_bytes()
        => TinyTokenizer.Load(TinyTokenizer.Json()).Encode("\uFFFE\uFFFF\uFDD0\U0010FFFF").Should()
            .Equal(System.Text.Encoding.UTF8.GetBytes("\uFFFE\uFFFF\uFDD0\U0010FFFF").Select(b => (int)b));

    private static string Pieces(JsonNode json, string text)
    {
        var tokenizer = TinyTokenizer.Load(json);
        return tokenizer.Decode(tokenizer.Encode(text));
    }
}
