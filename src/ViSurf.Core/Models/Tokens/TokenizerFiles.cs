using System.Text.Json;
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
    IReadOnlyDictionary<string, int> Vocabulary, IReadOnlyList<string> Merges, IReadOnlyList<AddedToken> Added, string Pattern)
{
    /// <summary>Qwen2's rule for what a word is; every digit stands alone.</summary>
    public const string QwenPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public static TokenizerFiles Read(string directory)
    {
        if (!Directory.Exists(Guard.NotBlank(directory)))
            throw new DirectoryNotFoundException($"Expected a checkpoint directory at '{directory}', found none.");
        var (whole, vocabulary, merges) = (Path.Combine(directory, "tokenizer.json"), Path.Combine(directory, "vocab.json"), Path.Combine(directory, "merges.txt"));
        if (File.Exists(whole)) return Parse(whole, ReadWhole);
        if (File.Exists(vocabulary) && File.Exists(merges)) return Parse(vocabulary, root => ReadParts(root, merges, Path.Combine(directory, "tokenizer_config.json")));
        throw new FileNotFoundException($"Expected tokenizer.json, or vocab.json with merges.txt, in '{directory}', found neither. Fetch the tokenizer of the checkpoint.", whole);
    }

    private static TokenizerFiles ReadWhole(JsonElement root)
    {
        var model = root.GetProperty("model");
        var merges = model.GetProperty("merges").EnumerateArray()
            .Select(m => m.ValueKind == JsonValueKind.String ? m.GetString()! : $"{m[0].GetString()} {m[1].GetString()}").ToArray();
        var added = root.TryGetProperty("added_tokens", out var list)
            ? list.EnumerateArray().Select(t => ReadAdded(t, t.GetProperty("id").GetInt32())).ToArray()
            : [];
        return new TokenizerFiles(ReadVocabulary(model.GetProperty("vocab")), merges, added, FindPattern(root) ?? QwenPattern);
    }

    private static TokenizerFiles ReadParts(JsonElement vocabulary, string mergesPath, string configPath)
    {
        var merges = File.ReadLines(mergesPath).Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)).ToArray();
        return new TokenizerFiles(ReadVocabulary(vocabulary), merges, File.Exists(configPath) ? Parse(configPath, ReadDecoder) : [], QwenPattern);
    }

    private static AddedToken[] ReadDecoder(JsonElement config)
        => config.TryGetProperty("added_tokens_decoder", out var decoder)
            ? decoder.EnumerateObject().Select(t => ReadAdded(t.Value, int.Parse(t.Name, System.Globalization.CultureInfo.InvariantCulture))).ToArray()
            : [];

    private static AddedToken ReadAdded(JsonElement token, int id)
        => new(token.GetProperty("content").GetString()!, id, token.TryGetProperty("special", out var special) && special.GetBoolean());

    private static Dictionary<string, int> ReadVocabulary(JsonElement vocabulary)
        => vocabulary.EnumerateObject().ToDictionary(t => t.Name, t => t.Value.GetInt32(), StringComparer.Ordinal);

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
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return read(json.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"Expected a byte-level BPE tokenizer in '{path}': {e.Message}", e);
        }
    }
}
