using System.Diagnostics;
using FluentAssertions;
using ViSurf.Core.Models.Tokens;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.Tokens;

/// <summary>One long word, a long run of blanks: both once took time quadratic in their length.</summary>
public sealed class LongWordTests
{
    private static readonly QwenTokenizer Tokenizer = QwenTokenizer.Load(Fixtures.PathOf("tokenizer"));

    [Theory]
    // 256,000 letters took 16 s and a million blanks 28 s; now it is a second on a machine with nothing else to do.
    [InlineData("interesting", 24_000), InlineData("a", 256_000), InlineData(" ", 1_000_000), InlineData("\n", 100_000),
        InlineData("1", 100_000), InlineData("𠮷", 60_000)]
    public void Long_words_take_time_that_grows_like_their_length(string part, int times)
    {
        var text = string.Concat(Enumerable.Repeat(part, times));
        var clock = Stopwatch.StartNew();
        var ids = Tokenizer.Encode(text);
        clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(15));
        Tokenizer.Decode(ids).Should().Be(text);
    }

    [Theory]
    [InlineData("interesting"), InlineData("aeinrst"), InlineData("  "), InlineData("resting𠮷the")]
    public void A_long_word_is_merged_as_short_ones_are(string part)
    {
        // Below and above the length from which words are merged in another way.
        var merger = Whole();
        for (var length = 1; length < 130; length++)
        {
            var word = string.Concat(Enumerable.Repeat(part, 130))[..length];
            if (char.IsHighSurrogate(word[^1])) continue;
            merger.Encode(word).Should().Equal(merger.Slow(word));
        }
    }

    private static SlowMerger Whole() => new(TokenizerFiles.Read(Fixtures.PathOf("tokenizer")));

    /// <summary>Merges by their definition: the lowest rank anywhere, the leftmost, again and again.</summary>
    private sealed class SlowMerger(TokenizerFiles files)
    {
        private readonly WordEncoder _words = new(files);
        private readonly Dictionary<string, int> _ranks = files.Merges.Select((m, rank) => (m, rank))
            .ToDictionary(m => m.m, m => m.rank, StringComparer.Ordinal);

        public List<int> Encode(string word)
        {
            var ids = new List<int>();
            _words.Encode(word, ids);
            return ids;
        }

        public List<int> Slow(string word)
        {
            var parts = ByteLetters.Encode(word).Select(c => c.ToString()).ToList();
            while (Enumerable.Range(0, parts.Count - 1).Where(i => _ranks.ContainsKey($"{parts[i]} {parts[i + 1]}"))
                .ToArray() is { Length: > 0 } mergeable)
            {
                var at = mergeable.MinBy(i => _ranks[$"{parts[i]} {parts[i + 1]}"]);
                parts[at] += parts[at + 1];
                parts.RemoveAt(at + 1);
            }
            return parts.ConvertAll(part => files.Vocabulary[part]);
        }
    }
}
