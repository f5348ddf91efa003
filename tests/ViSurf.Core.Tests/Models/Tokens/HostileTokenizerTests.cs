using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Models.Tokens;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.Tokens;

/// <summary>Tokenizer files that are damaged or lie: text must not be split in silence into other tokens than the model knows.</summary>
[Collection(Alone.Name)]
public sealed class HostileTokenizerTests : IDisposable
{
    private const string Whole = "tokenizer.json", Vocabulary = "vocab.json", Merges = "merges.txt", Config = "tokenizer_config.json";
    private const long Megabyte = 1_000_000;

    // The tokenizer of the fixtures alone takes 2 MB to be read.
    private const long Ordinary = 10 * Megabyte;
    private readonly TemporaryDirectory _folder = TemporaryDirectory.CopyOf("tokenizer");

    [Fact]
    public void Missing_merges_are_refused()
    {
        Edit(root => root["model"]!.AsObject().Remove("merges"));
        Refused("*tokenizer.json*", Ordinary);
        Edit(root => root["model"]!["merges"] = new JsonArray());
        Refused("*no merge makes 1244 of the 1500 vocabulary entries*merges are missing*", Ordinary);
    }

    [Fact]
    public void A_single_lost_merge_is_refused_with_what_it_made()
    {
        // The last: no other merge needs its token.
        var lost = "";
        Edit(root =>
        {
            var merges = root["model"]!["merges"]!.AsArray();
            lost = merges[^1] is JsonArray pair ? $"{pair[0]}{pair[1]}" : merges[^1]!.GetValue<string>().Replace(" ", "", StringComparison.Ordinal);
            merges.RemoveAt(merges.Count - 1);
        });
        Refused($"*no merge makes 1 of the 1500*'{lost}'*", Ordinary);
    }

    [Fact]
    public void A_list_of_merges_that_was_cut_off_is_refused_in_the_older_form_too()
    {
        File.Delete(_folder.File(Whole));
        var lines = File.ReadAllLines(_folder.File(Merges));
        File.WriteAllLines(_folder.File(Merges), lines[..(lines.Length / 2)]);
        Refused("*vocab.json*no merge makes*", Ordinary);
        File.Delete(_folder.File(Merges));
        var load = () => QwenTokenizer.Load(_folder.Path);
        load.Should().Throw<FileNotFoundException>().WithMessage("*vocab.json with merges.txt*");
    }

    [Fact]
    public void A_hole_in_the_vocabulary_is_refused()
    {
        Vocab(vocab => vocab.Remove("the"));
        Refused("*has id 1499, but 1499 entries have the ids 0 to 1498 without holes*", Ordinary);
        Vocab(vocab => vocab["the"] = 2_000_000_000);
        Refused("*'the' has id 2000000000*", Ordinary);
        Vocab(vocab => vocab["the"] = -1);
        Refused("*'the' has id -1*", Ordinary);
    }

    [Fact]
    public void Two_tokens_of_one_id_are_refused_with_both_names()
    {
        Vocab(vocab => vocab["the"] = vocab["!"]!.GetValue<int>());
        Refused("*'*' both have id*", Ordinary);
        Edit(root => root["added_tokens"]![1]!["id"] = root["added_tokens"]![0]!["id"]!.GetValue<int>());
        Refused("*the added tokens*both have id 1500*", Ordinary);
        Edit(root => root["added_tokens"]![1]!["content"] = root["added_tokens"]![0]!["content"]!.GetValue<string>());
        Refused("*is listed twice*", Ordinary);
        Edit(root => root["added_tokens"]![1]!["id"] = 3);
        Refused("*has id 3, but the vocabulary says that is*", Ordinary);
    }

    [Fact]
    public void One_token_of_two_ids_is_refused()
    {
        File.WriteAllText(_folder.File(Whole), File.ReadAllText(_folder.File(Whole)).Replace("\"!\":", "\"#\":", StringComparison.Ordinal));
        Refused("*a key twice in one object ('#')*", Ordinary);
    }

    [Fact]
    public void A_byte_without_a_token_is_refused()
    {
        Vocab(vocab =>
        {
            var id = vocab["Z"]!.GetValue<int>();
            vocab.Remove("Z");
            vocab["ZZZZ"] = id;
        });
        Refused("*no entry for 1 of the 256 bytes (first: 'Z')*", Ordinary);
    }

    [Fact]
    public void A_million_merges_are_refused_by_their_number()
    {
        Edit(root => root["model"]!["merges"] = new JsonArray([.. Enumerable.Range(0, 1_000_000).Select(i => (JsonNode)$"a b{i}")]));
        Refused("*1000000 merges, expected 0 to 500000*", 100 * Megabyte);
        File.Delete(_folder.File(Whole));
        File.WriteAllLines(_folder.File(Merges), Enumerable.Range(0, 1_000_000).Select(i => $"a b{i}"));
        Refused("*500001 merges in '*merges.txt', expected 0 to 500000*", 200 * Megabyte);
    }

    [Theory]
    [InlineData("a b c", "*'a b c' is not two tokens*")]
    [InlineData("ab", "*'ab' is not two tokens*")]
    [InlineData(" a", "*' a' is not two tokens*")]
    [InlineData("a qqqq", "*'a qqqq' needs 'qqqq'*")]
    public void A_merge_of_something_else_is_refused(string merge, string message)
    {
        Edit(root => root["model"]!["merges"]!.AsArray().Add((JsonNode)merge));
        Refused(message, Ordinary);
    }

    [Fact]
    public void A_merge_given_twice_is_refused()
    {
        Edit(root => root["model"]!["merges"]!.AsArray().Add(root["model"]!["merges"]![0]!.DeepClone()));
        Refused("*is listed twice*", Ordinary);
    }

    [Theory]
    [InlineData("""{"model": {"type": "Unigram", "vocab": [], "merges": []}}""", "*'Unigram', expected 'BPE'*")]
    [InlineData("""{"model": {"vocab": {}, "merges": []}}""", "*0 vocabulary entries, expected 256*")]
    [InlineData("""{"model": {"vocab": {"a": "0"}, "merges": []}}""", "*tokenizer.json*")]
    [InlineData("""{"model": {"vocab": {"a": 1e30}, "merges": [[]]}}""", "*tokenizer.json*")]
    [InlineData("""{"model": {"vocab": {"\ud800": 1}, "merges": []}}""", "*tokenizer.json*")]
    [InlineData("""{"model": []}""", "*tokenizer.json*")]
    [InlineData("[]", "*tokenizer.json*")]
    [InlineData("", "*tokenizer.json*")]
    public void What_is_no_tokenizer_is_refused(string json, string message)
    {
        File.WriteAllText(_folder.File(Whole), json);
        Refused(message, Megabyte);
    }

    [Fact]
    public void Deep_nesting_is_refused()
    {
        File.WriteAllText(_folder.File(Whole), $$"""{"model": {{new string('[', 1_000_000)}}""");
        Refused("*tokenizer.json*", Ordinary);
    }

    [Theory]
    [InlineData("x0", "*'x0' is not the id*")]
    [InlineData("99999999999", "*'99999999999' is not the id*")]
    [InlineData("99999999", "*has id 99999999, expected 0 to*")]
    public void An_added_tokens_id_must_be_one(string id, string message)
    {
        File.Delete(_folder.File(Whole));
        File.WriteAllText(_folder.File(Config), $$"""{"added_tokens_decoder": {"{{id}}": {"content": "<|x|>"} } }""");
        Refused(message, Ordinary);
    }

    [Theory]
    [InlineData("(", "*tokenizer.json*")]
    [InlineData(null, "*has 5000 characters, expected at most 1024*")]
    public void A_pattern_that_cannot_be_compiled_or_is_no_pattern_is_refused(string? pattern, string message)
    {
        Pattern(pattern ?? new string('a', 5000));
        Refused(message, Ordinary);
    }

    [Fact]
    public void A_pattern_that_backtracks_for_years_ends_in_an_error()
    {
        Pattern("(a|aa)+$|.");
        var tokenizer = QwenTokenizer.Load(_folder.Path);
        var encode = () => tokenizer.Encode(new string('a', 100) + "!");
        encode.Should().Throw<InvalidDataException>().WithMessage("*took 1 s*");
    }

    [Fact]
    public void Many_matches_that_each_backtrack_for_long_end_in_an_error_too()
    {
        // Some hundredths of a second for each group of letters, five hundred of them.
        Pattern("(a|aa)+$|.");
        var tokenizer = QwenTokenizer.Load(_folder.Path);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var encode = () => tokenizer.Encode(string.Concat(Enumerable.Repeat(new string('a', 28) + "!", 500)));
        encode.Should().Throw<InvalidDataException>().WithMessage("*is not done*");
        clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void The_untouched_files_load_in_both_forms()
    {
        var whole = QwenTokenizer.Load(_folder.Path);
        File.Delete(_folder.File(Whole));
        var parts = QwenTokenizer.Load(_folder.Path);
        parts.Encode("A red circle <|im_end|>").Should().Equal(whole.Encode("A red circle <|im_end|>"));
    }

    public void Dispose() => _folder.Dispose();

    private void Edit(Action<JsonNode> change)
    {
        var root = JsonNode.Parse(File.ReadAllBytes(Fixtures.PathOf("tokenizer", Whole)))!;
        change(root);
        File.WriteAllText(_folder.File(Whole), root.ToJsonString());
    }

    private void Vocab(Action<JsonObject> change) => Edit(root => change(root["model"]!["vocab"]!.AsObject()));

    private void Pattern(string pattern) => Edit(root => root["pre_tokenizer"]!["pretokenizers"]![0]!["pattern"]!["Regex"] = pattern);

    private void Refused(string message, long allocated) => Support.Refused.With(() => QwenTokenizer.Load(_folder.Path), message, allocated);
}
