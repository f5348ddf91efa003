using System.Text.Json;
using FluentAssertions;
using TinyBase.Checkpoint;
using Xunit;

namespace ViSurf.Core.Tests.Samples;

public class TinyCheckpointTests
{
    [Fact]
    public void The_vocabulary_starts_with_the_256_bytes_and_merges_the_most_frequent_pair_first()
    {   // "aab aab": words "aab", " aab"; pairs (a,a) twice, (a,b) twice, (Ġ,a) once. The tie goes to (a,a): then (aa,b).
        var vocabulary = BytePairTrainer.Train(["aab aab"], 300);
        vocabulary.Tokens.Take(256).Should().OnlyHaveUniqueItems().And.OnlyContain(t => t.Length == 1);
        vocabulary.Merges.Should().Equal(("a", "a"), ("aa", "b"));
        vocabulary.Tokens.Skip(256).Should().Equal("aa", "aab");
    }

    [Fact]
    public void Digits_never_merge() // Qwen2's rule: a number is spelled digit by digit.
        => BytePairTrainer.Train(Enumerable.Repeat("112 112", 9), 300).Merges.Should().BeEmpty();

    [Fact]
    public void The_config_points_at_the_ids_that_the_tokenizer_gives_its_special_tokens()
    {
        using var folder = new global::Samples.Shared.TemporaryFolder();
        CheckpointFiles.Write(folder.Path, new TinyConfig(), BytePairTrainer.Train(["the red circle the red circle"], 300));
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.Path, "config.json")));
        using var tokenizer = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.Path, "tokenizer.json")));
        var added = tokenizer.RootElement.GetProperty("added_tokens").EnumerateArray()
            .ToDictionary(t => t.GetProperty("content").GetString()!, t => t.GetProperty("id").GetInt32());
        config.RootElement.GetProperty("image_token_id").GetInt32().Should().Be(added["<|image_pad|>"]);
        config.RootElement.GetProperty("vision_start_token_id").GetInt32().Should().Be(added["<|vision_start|>"]);
        config.RootElement.GetProperty("eos_token_id").GetInt32().Should().Be(added["<|im_end|>"]);
        added.Values.Max().Should().BeLessThan(config.RootElement.GetProperty("vocab_size").GetInt32());
    }
}
