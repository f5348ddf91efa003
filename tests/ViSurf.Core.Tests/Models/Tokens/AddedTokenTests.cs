using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Models.Tokens;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.Tokens;

/// <summary>Added tokens: their flags, where several could match, and those that only tokenizer_config.json lists.</summary>
public sealed class AddedTokenTests
{
    private const int First = TinyTokenizer.FirstAdded, Second = First + 1;

    [Fact]
    public void The_longest_token_wins_and_the_leftmost_before_it()
        => Load(TinyTokenizer.Added("<a", First), TinyTokenizer.Added("<ab", Second), TinyTokenizer.Added("b>", First + 2))
            .Encode("<ab><ac").Should().Equal(Second, '>', First, 'c');

    [Fact]
    public void A_token_that_is_no_single_word_here_hides_the_shorter_ones_inside_it()
        => Load(TinyTokenizer.Added("cat", First, word: true), TinyTokenizer.Added("ca", Second))
            .Encode("cats cat ca").Should().Equal('c', 'a', 't', 's', ' ', First, ' ', Second);

    [Theory]
    // A joiner is part of a word for Rust's engine, which looks at the neighbours; Latin-1's fractions are not.
    [InlineData("é", false), InlineData("𠮷", false), InlineData("_", false), InlineData("1", false), InlineData("\u0301", false),
        InlineData("\u200D", false)]
    [InlineData("½", true), InlineData("😀", true), InlineData("-", true), InlineData("\u200B", true)]
    public void Beside_a_part_of_a_word_a_single_word_is_none(string neighbour, bool matches)
    {
        var tokenizer = Load(TinyTokenizer.Added("cat", First, word: true));
        tokenizer.Encode("cat" + neighbour).Contains(First).Should().Be(matches);
        tokenizer.Encode(neighbour + "cat").Contains(First).Should().Be(matches);
    }

    [Fact]
    public void Stripping_takes_the_blanks_that_no_token_before_it_took()
    {
        var tokenizer = Load(TinyTokenizer.Added("<l>", First, left: true), TinyTokenizer.Added("<r>", Second, right: true));
        tokenizer.Encode("a \u3000<l> b<r>\n c").Should().Equal('a', First, ' ', 'b', Second, 'c');
        tokenizer.Encode("<r>  <l>").Should().Equal(Second, First);
    }

    [Fact]
    public void A_normalised_token_matches_what_its_text_becomes()
    {
        var json = Json(TinyTokenizer.Added("e\u0301x", First, normalized: true), TinyTokenizer.Added("e\u0301y", Second));
        json["normalizer"] = new JsonObject { ["type"] = "NFC" };
        var tokenizer = TinyTokenizer.Load(json);
        tokenizer.Encode("éxe\u0301x").Should().Equal(First, First);
        tokenizer.Encode("éye\u0301y").Should().Equal(0xC3, 0xA9, 'y', Second);
        tokenizer.Encode("aéx", [new TextSpan(1, 1)], new HashSet<int> { First }).Should()
            .NotContain(First, "data that normalisation touches is data");
        tokenizer.Encode("ae\u0301x", [new TextSpan(2, 1)], new HashSet<int> { First }).Should().NotContain(First);
        tokenizer.Encode("ae\u0301x", [new TextSpan(0, 1)], new HashSet<int> { First }).Should().Contain(First);
    }

    [Fact]
    public void Two_tokens_of_one_normalised_text_are_refused()
    {
        var json = Json(TinyTokenizer.Added("éx", First, normalized: true), TinyTokenizer.Added("e\u0301x", Second, normalized: true));
        json["normalizer"] = new JsonObject { ["type"] = "NFC" };
        Refused(json, null, "*'éx' (256) and 'e\u0301x' (257) are the same text once normalised*");
    }

    [Fact]
    public void Tokens_that_only_tokenizer_config_lists_are_added_and_its_flags_win()
    {
        var config = JsonNode.Parse("""
            {"added_tokens_decoder": {
                "257": {"content": "<new>", "lstrip": false, "normalized": false, "rstrip": true, "single_word": false, "special": false, "__type": "AddedToken"},
                "256": {"content": "<old>", "lstrip": true, "normalized": false, "rstrip": false, "single_word": false, "special": true}},
             "eos_token": "<end>", "pad_token": {"content": "<pad>", "rstrip": true}, "unk_token": null, "additional_special_tokens": ["<old>", "<extra>"]}
            """);
        var tokenizer = TinyTokenizer.Load(Json(TinyTokenizer.Added("<old>", First)), config);
        tokenizer.Encode("a <old> <new> b<end><pad> <extra>").Should().Equal('a', First, ' ', Second, 'b', 258, 259, 260);
        tokenizer.Decode([Second, 258, 259, 260, First]).Should().Be("<new>", "the named ones are special");
    }

    [Theory]
    [InlineData("""{"added_tokens_decoder": {"300": {"content": "<x>"}}}""", "*tokenizer_config.json*'<x>' is listed with id 300, "
        + "but transformers gives it 257*")]
    [InlineData("""{"added_tokens_decoder": {"257": {"content": "<old>"}}}""", "*'<old>' is listed with id 257, "
        + "but transformers gives it 256*")]
    [InlineData("""{"split_special_tokens": true}""", "*'split_special_tokens' is true*")]
    [InlineData("""{"add_bos_token": true, "bos_token": "<old>"}""", "*'add_bos_token' is true*")]
    [InlineData("""{"add_prefix_space": true}""", "*'add_prefix_space' is true, expected false as tokenizer.json has it*")]
    [InlineData("[]", "*tokenizer_config.json*the file is *, expected an object*")]
    [InlineData("""{"additional_special_tokens": "<x>"}""", "*'additional_special_tokens' is*expected a list*")]
    [InlineData("""{"eos_token": 5}""", "*'eos_token' is 5, expected a text*")]
    public void A_config_that_means_other_tokens_is_refused(string config, string message)
        => Refused(Json(TinyTokenizer.Added("<old>", First)), JsonNode.Parse(config), message);

    [Fact]
    public void The_older_list_beside_vocab_json_is_read()
    {
        using var folder = TemporaryDirectory.CopyOf("tokenizer");
        var reference = QwenTokenizer.Load(folder.Path);
        var config = JsonNode.Parse(File.ReadAllBytes(folder.File("tokenizer_config.json")))!.AsObject();
        var older = new JsonObject(config["added_tokens_decoder"]!.AsObject()
            .Select(t => KeyValuePair.Create(t.Value!["content"]!.GetValue<string>(),
                (JsonNode?)int.Parse(t.Key, System.Globalization.CultureInfo.InvariantCulture))));
        config.Remove("added_tokens_decoder");
        File.WriteAllText(folder.File("tokenizer_config.json"), config.ToJsonString());
        File.WriteAllText(folder.File("added_tokens.json"), older.ToJsonString());
        File.Delete(folder.File("tokenizer.json"));
        const string Text = "<|im_start|>user\nred<tool_call><|im_end|>";
        QwenTokenizer.Load(folder.Path).Encode(Text).Should().Equal(reference.Encode(Text));
    }

    private static JsonObject Json(params JsonNode[] added)
    {
        var json = TinyTokenizer.Json();
        json["added_tokens"] = new JsonArray(added);
        return json;
    }

    private static QwenTokenizer Load(params JsonNode[] added) => TinyTokenizer.Load(Json(added));

    private static void Refused(JsonNode json, JsonNode? config, string message)
    {
        var load = () => TinyTokenizer.Load(json, config);
        load.Should().Throw<InvalidDataException>().WithMessage(message);
    }
}
