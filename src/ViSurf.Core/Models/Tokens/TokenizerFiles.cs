using System.Text;
using System.Text.Json;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Tokens.Patterns;

namespace ViSurf.Core.Models.Tokens;

/// <summary>What the files of a checkpoint directory say about its tokenizer.</summary>
/// <param name="Vocabulary">Byte-level tokens and their ids.</param>
/// <param name="Merges">Pairs in order of rank, "left right".</param>
/// <param name="Added">Added tokens.</param>
/// <param name="Normalizer">What is done to text between added tokens first.</param>
/// <param name="Words">The steps that split it into words.</param>
/// <param name="IgnoreMerges">A word that is an entry is that entry, whatever the merges make of it.</param>
internal sealed record TokenizerFiles(
    IReadOnlyDictionary<string, int> Vocabulary, IReadOnlyList<string> Merges, IReadOnlyList<AddedToken> Added,
    Normalizer Normalizer, IReadOnlyList<IWordStep> Words, bool IgnoreMerges)
{
    /// <summary>Qwen2's rule for what a word is; every digit stands alone.</summary>
    public const string QwenPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public static TokenizerFiles Read(string directory)
    {
        if (!Directory.Exists(Guard.NotBlank(directory)))
            throw StagedDirectory.Missing(directory, "a checkpoint directory");
        var whole = LinkRule.Find(directory, "tokenizer.json");
        var (vocabulary, merges) = (LinkRule.Find(directory, "vocab.json"), LinkRule.Find(directory, "merges.txt"));
        if (whole is null && (vocabulary is null || merges is null))
            throw new FileNotFoundException(
                $"Expected tokenizer.json, or vocab.json with merges.txt, in '{directory}', found neither. "
                    + $"Fetch the tokenizer of the checkpoint.",
                Path.Combine(directory, "tokenizer.json"));
        var path = whole ?? vocabulary!;
        var files = Parse(path, root => TokenizerCheck.Vocabulary(whole is not null ? TokenizerJson.Read(root) : ReadParts(root, merges!)));
        var added = new AddedTokenList(files.Vocabulary);
        Refusing(path, () => added.AddAll(files.Added));
        var config = LinkRule.Find(directory, "tokenizer_config.json");
        // transformers reads the older file only where the newer lists are not there.
        var listed = config is not null && Parse(config, TokenizerConfig.ListsTokens);
        if (whole is null && !listed && LinkRule.Find(directory, "added_tokens.json") is { } older)
            Parse(older, root => TokenizerConfig.CompleteOlder(root, added));
        if (config is not null) Parse(config, root => TokenizerConfig.Complete(root, added, files.Words.Any(step => step is BlankStep)));
        return Refusing(path, () => TokenizerCheck.Ensure(files with { Added = added.Tokens }));
    }

    private static TokenizerFiles ReadParts(JsonElement vocabulary, string mergesPath)
    {
        using var text = new StringReader(BoundedFile.Text(mergesPath));
        var merges = new List<string>();
        while (text.ReadLine() is { } line)
        {
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal)) continue;
            merges.Add(line);
            TokenizerCheck.Count($"merges in '{mergesPath}'", merges.Count, 0, TokenizerCheck.MostTokens);
        }
        return new TokenizerFiles(
            TokenizerJson.Vocabulary(new JsonPart(vocabulary, "")), merges, [], new Normalizer([NormalizationForm.FormC]),
            [new SplitStep(new CodePointPattern(QwenPattern), SplitBehavior.Isolated, invert: false)], IgnoreMerges: false);
    }

    private static T Parse<T>(string path, Func<JsonElement, T> read)
    {
        using var json = BoundedFile.Json(path);
        return Refusing(path, () => read(json.RootElement));
    }

    private static T Refusing<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new InvalidDataException($"Expected a byte-level BPE tokenizer in '{path}': {e.Message}.", e);
        }
    }
}
