using System.Text;
using System.Text.RegularExpressions;

namespace TinyBase.Checkpoint;

/// <summary>A byte-level vocabulary: tokens in the order of their ids, and the merges that make the longer ones.</summary>
internal sealed record BytePairVocabulary(IReadOnlyList<string> Tokens, IReadOnlyList<(string Left, string Right)> Merges);

/// <summary>
/// Learns a byte-level BPE vocabulary (Sennrich et al., 2016) with the pre-tokenization of Qwen2: merges never cross a word, and every
/// digit stays alone, so a coordinate is spelled digit by digit.
/// </summary>
internal static partial class BytePairTrainer
{
    /// <summary>Qwen2's rule for what a word is, as in its tokenizer.json.</summary>
    public const string Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Learns until the vocabulary is full, or no pair occurs twice.</summary>
    /// <param name="texts">What the model will read and write.</param>
    /// <param name="size">Most tokens, the 256 bytes included.</param>
    public static BytePairVocabulary Train(IEnumerable<string> texts, int size)
    {
        // Added tokens are cut out before the words are looked at, in learning as in use.
        var words = texts.SelectMany(t => t.Split([.. SpecialTokens.Pieces], StringSplitOptions.None)).SelectMany(t => Words().Matches(t)).GroupBy(m => m.Value)
            .Select(g => (Symbols: Spell(g.Key), Count: g.Count())).ToArray();
        var tokens = ByteLetters.Order(StringComparer.Ordinal).ToList();
        var merges = new List<(string Left, string Right)>();
        while (tokens.Count < size && MostFrequent(words) is { } pair)
        {
            merges.Add(pair);
            tokens.Add(pair.Left + pair.Right);
            foreach (var (symbols, _) in words) Merge(symbols, pair);
        }
        return new BytePairVocabulary(tokens, merges);
    }

    /// <summary>Printable stand-ins of the 256 bytes (GPT-2's table): printable Latin-1 stands for itself, the rest moves up from U+0100.</summary>
    private static string[] ByteLetters { get; } = Enumerable.Range(0, 256).Select(b =>
        (IsPrintable(b) ? (char)b : (char)(256 + Enumerable.Range(0, b).Count(x => !IsPrintable(x)))).ToString()).ToArray();

    private static bool IsPrintable(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);

    private static List<string> Spell(string word) => Encoding.UTF8.GetBytes(word).Select(b => ByteLetters[b]).ToList();

    private static (string Left, string Right)? MostFrequent(IEnumerable<(List<string> Symbols, int Count)> words)
    {
        var counts = new Dictionary<(string Left, string Right), int>();
        foreach (var (symbols, count) in words)
            for (var i = 0; i + 1 < symbols.Count; i++)
                counts[(symbols[i], symbols[i + 1])] = counts.GetValueOrDefault((symbols[i], symbols[i + 1])) + count;
        // Ties go by spelling, so that the same texts give the same vocabulary.
        return counts.Where(c => c.Value > 1)
            .OrderByDescending(c => c.Value).ThenBy(c => c.Key.Left, StringComparer.Ordinal).ThenBy(c => c.Key.Right, StringComparer.Ordinal)
            .Select(c => ((string, string)?)c.Key).FirstOrDefault();
    }

    private static void Merge(List<string> symbols, (string Left, string Right) pair)
    {
        for (var i = 0; i + 1 < symbols.Count; i++)
            if (symbols[i] == pair.Left && symbols[i + 1] == pair.Right)
            {
                symbols[i] += pair.Right;
                symbols.RemoveAt(i + 1);
            }
    }

    [GeneratedRegex(Pattern)]
    private static partial Regex Words();
}
