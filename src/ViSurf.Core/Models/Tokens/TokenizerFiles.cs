using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Tokens;

/// <summary>A token that is matched as a whole before anything else.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Id">Its id.</param>
/// <param name="Special">Whether decoding that skips special tokens skips it.</param>
internal sealed record AddedToken(string Text, int Id, bool Special);

/// <summary>What the files of a checkpoint directory say about its tokenizer.</summary>
/// <param name="Vocabulary">Byte-level tokens and their ids.</param>
/// <param name="Merges">Pairs in order of rank, "left right".</param>
/// <param name="Added">Added tokens.</param>
/// <param name="Pattern">The pre-tokenizer's regular expression.</param>
internal sealed record TokenizerFiles(
    IReadOnlyDictionary<string, int> Vocabulary, IReadOnlyList<string> Merges, IReadOnlyList<AddedToken> Added, Regex Pattern)
{
    private const int LongestPattern = 1024;

    // One word takes microseconds. A pattern from a file may be one that backtracks for years.
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    /// <summary>Qwen2's rule for what a word is; every digit stands alone.</summary>
    public const string QwenPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public static TokenizerFiles Read(string directory)
    {
        if (!Directory.Exists(Guard.NotBlank(directory)))
            throw StagedDirectory.Missing(directory, "a checkpoint directory");
        var (whole, vocabulary, merges) = (Path.Combine(directory, "tokenizer.json"), Path.Combine(directory, "vocab.json"), Path.Combine(directory, "merges.txt"));
        if (File.Exists(whole)) return Parse(whole, ReadWhole);
        if (File.Exists(vocabulary) && File.Exists(merges)) return Parse(vocabulary, root => ReadParts(root, merges, Path.Combine(directory, "tokenizer_config.json")));
        throw new FileNotFoundException($"Expected tokenizer.json, or vocab.json with merges.txt, in '{directory}', found neither. Fetch the tokenizer of the checkpoint.", whole);
    }

    private static TokenizerFiles ReadWhole(JsonElement root)
    {
        var model = root.GetProperty("model");
        if (model.TryGetProperty("type", out var type) && type.GetString() != "BPE") throw new FormatException($"its model type is '{type.GetString()}', expected 'BPE'");
        var pairs = model.GetProperty("merges");
        TokenizerCheck.Count("merges", pairs.GetArrayLength(), 0, TokenizerCheck.MostTokens);
        var merges = pairs.EnumerateArray().Select(m => m.ValueKind == JsonValueKind.String ? m.GetString()! : string.Join(' ', m.EnumerateArray().Select(part => part.GetString()))).ToArray();
        var added = root.TryGetProperty("added_tokens", out var list)
            ? list.EnumerateArray().Select(t => ReadAdded(t, t.GetProperty("id").GetInt32())).ToArray()
            : [];
        return TokenizerCheck.Ensure(new TokenizerFiles(ReadVocabulary(model.GetProperty("vocab")), merges, added, Compile(FindPattern(root) ?? QwenPattern)));
    }

    private static TokenizerFiles ReadParts(JsonElement vocabulary, string mergesPath, string configPath)
    {
        using var text = new StreamReader(new MemoryStream(BoundedFile.Read(mergesPath)));
        var merges = new List<string>();
        while (text.ReadLine() is { } line)
        {
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal)) continue;
            merges.Add(line);
            TokenizerCheck.Count($"merges in '{mergesPath}'", merges.Count, 0, TokenizerCheck.MostTokens);
        }
        var added = File.Exists(configPath) ? Parse(configPath, ReadDecoder) : [];
        return TokenizerCheck.Ensure(new TokenizerFiles(ReadVocabulary(vocabulary), merges, added, Compile(QwenPattern)));
    }

    private static AddedToken[] ReadDecoder(JsonElement config)
        => config.TryGetProperty("added_tokens_decoder", out var decoder)
            ? decoder.EnumerateObject().Select(t => ReadAdded(t.Value, Id(t.Name))).ToArray()
            : [];

    private static int Id(string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw new FormatException($"'{text}' is not the id of an added token");

    private static AddedToken ReadAdded(JsonElement token, int id)
        => new(token.GetProperty("content").GetString() ?? throw new FormatException($"the added token {id} has no text"), id, token.TryGetProperty("special", out var special) && special.GetBoolean());

    private static Dictionary<string, int> ReadVocabulary(JsonElement vocabulary)
    {
        TokenizerCheck.Count("vocabulary entries", vocabulary.GetPropertyCount(), 0, TokenizerCheck.MostTokens);
        return vocabulary.EnumerateObject().ToDictionary(t => t.Name, t => t.Value.GetInt32(), StringComparer.Ordinal);
    }

    private static Regex Compile(string pattern)
        => pattern.Length <= LongestPattern
            ? new Regex(pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant, LongestMatch)
            : throw new FormatException($"its pattern for words has {pattern.Length} characters, expected at most {LongestPattern}");

    private static string? FindPattern(JsonElement root)
    {
        if (!root.TryGetProperty("pre_tokenizer", out var pre) || pre.ValueKind != JsonValueKind.Object) return null;
        var steps = pre.TryGetProperty("pretokenizers", out var list) ? list.EnumerateArray() : new[] { pre }.AsEnumerable();
        return steps.Where(s => s.TryGetProperty("pattern", out _)).Select(s => s.GetProperty("pattern"))
            .Where(p => p.TryGetProperty("Regex", out _)).Select(p => p.GetProperty("Regex").GetString()).FirstOrDefault();
    }

    private static T Parse<T>(string path, Func<JsonElement, T> read)
    {
        try
        {
            using var json = BoundedFile.Json(path);
            return read(json.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"Expected a byte-level BPE tokenizer in '{path}': {e.Message}", e);
        }
    }
}
