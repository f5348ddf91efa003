using System.Collections;
using System.Collections.Frozen;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Tokens;

/// <summary>
/// The byte-level BPE tokenizer of a Qwen checkpoint: added tokens are cut out first, the text between them is brought to NFC, split
/// into words and merged. Thread-safe.
/// </summary>
/// <remarks>Agrees with transformers' <c>Qwen2TokenizerFast</c> on every case of the golden data, from either set of files.</remarks>
public sealed class QwenTokenizer
{
    private readonly BpeTokenizer _pieces;
    private readonly string _directory;
    private readonly FrozenDictionary<string, AddedToken> _added;
    private readonly FrozenDictionary<char, AddedToken[]> _addedByFirst;
    private readonly FrozenDictionary<string, int> _vocabulary;
    private readonly FrozenDictionary<int, (byte[] Bytes, bool Special)> _tokens;

    private QwenTokenizer(string directory, TokenizerFiles files)
    {
        _directory = directory;
        _added = files.Added.ToFrozenDictionary(t => t.Text, StringComparer.Ordinal);
        // The longest match wins, as in the reference.
        _addedByFirst = files.Added.Where(t => t.Text.Length > 0).GroupBy(t => t.Text[0])
            .ToFrozenDictionary(g => g.Key, g => g.OrderByDescending(t => t.Text.Length).ToArray());
        _vocabulary = files.Vocabulary.ToFrozenDictionary(StringComparer.Ordinal);
        var tokens = files.Vocabulary.ToDictionary(t => t.Value, t => (ByteLetters.Decode(t.Key), false));
        foreach (var token in files.Added) tokens[token.Id] = (System.Text.Encoding.UTF8.GetBytes(token.Text), token.Special);
        _tokens = tokens.ToFrozenDictionary();
        VocabularySize = tokens.Keys.Max() + 1;
        _pieces = BpeTokenizer.Create(new BpeOptions(files.Vocabulary)
        {
            Merges = files.Merges,
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(files.Pattern, null),
        });
    }

    /// <summary>One more than the largest id; the model's embedding may have more rows.</summary>
    public int VocabularySize { get; }

    /// <summary>Loads <c>tokenizer.json</c>, or <c>vocab.json</c> + <c>merges.txt</c> + <c>tokenizer_config.json</c>.</summary>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="FileNotFoundException">Neither set of files is there.</exception>
    /// <exception cref="InvalidDataException">A file is not what its name says.</exception>
    public static QwenTokenizer Load(string directory) => new(directory, TokenizerFiles.Read(directory));

    /// <summary>Text to ids; added tokens written out in the text become their ids.</summary>
    public IReadOnlyList<int> Encode(string text) => Encode(text, [], FrozenSet<int>.Empty);

    /// <summary>
    /// Text to ids, where parts of the text are data that must not speak for the conversation: there the tokens of
    /// <paramref name="control"/> are ordinary text, so that no question and no label can open a turn or place a stop.
    /// </summary>
    /// <param name="text">The whole text. It is split into words in one go, also across the borders of the data.</param>
    /// <param name="data">Where the data stands, in UTF-16 units of <paramref name="text"/>, in any order.</param>
    /// <param name="control">Ids of added tokens that are not matched where they overlap data.</param>
    /// <exception cref="ArgumentOutOfRangeException">A span reaches beyond the text.</exception>
    public IReadOnlyList<int> Encode(string text, IReadOnlyList<TextSpan> data, IReadOnlySet<int> control)
    {
        Guard.NotNull(text);
        var protectedUnits = Marked(text, data, Guard.NotNull(control));
        var ids = new List<int>();
        var start = 0;
        for (var i = 0; i < text.Length;)
        {
            if (AddedAt(text, i, protectedUnits, control) is not { } token)
            {
                i++;
                continue;
            }
            EncodePiece(text[start..i], ids);
            ids.Add(token.Id);
            start = i += token.Text.Length;
        }
        EncodePiece(text[start..], ids);
        return ids;
    }

    /// <summary>Ids to text; bytes that are not UTF-8 (a cut character) become U+FFFD.</summary>
    /// <param name="ids">Ids below <see cref="VocabularySize"/>; others, which the model's padding rows may produce, have no text.</param>
    /// <param name="skipSpecialTokens">Leaves out added tokens marked special.</param>
    public string Decode(IReadOnlyList<int> ids, bool skipSpecialTokens = true)
    {
        using var bytes = new MemoryStream();
        foreach (var id in Guard.NotNull(ids))
            if (_tokens.TryGetValue(id, out var token) && !(token.Special && skipSpecialTokens))
                bytes.Write(token.Bytes);
        return System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <summary>Id of an added token or of a vocabulary entry, or null.</summary>
    public int? Find(string token)
        => _added.TryGetValue(Guard.NotNull(token), out var added) ? added.Id : _vocabulary.TryGetValue(token, out var id) ? id : null;

    /// <summary>Id of a token that must exist.</summary>
    /// <exception cref="InvalidDataException">The tokenizer has no such token.</exception>
    public int Id(string token)
        => Find(token) ?? throw new InvalidDataException($"Expected a token '{token}' in the tokenizer of '{_directory}', found none. Is this a Qwen-VL checkpoint?");

    private void EncodePiece(string piece, List<int> ids)
    {
        if (piece.Length == 0) return;
        try
        {
            ids.AddRange(_pieces.EncodeToIds(Unicode.Composed(piece), considerPreTokenization: true, considerNormalization: false));
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new InvalidDataException($"The pattern for words in the tokenizer of '{_directory}' took {e.MatchTimeout.TotalSeconds:0} s on one text of {piece.Length} characters. Use the pattern of the published tokenizer.", e);
        }
    }

    private AddedToken? AddedAt(string text, int index, BitArray? data, IReadOnlySet<int> control)
    {
        if (!_addedByFirst.TryGetValue(text[index], out var candidates)) return null;
        foreach (var token in candidates)
            if (string.CompareOrdinal(text, index, token.Text, 0, token.Text.Length) == 0 && !(control.Contains(token.Id) && Touches(data, index, token.Text.Length)))
                return token;
        return null;
    }

    /// <summary>Which units of the text are data; null where it makes no difference.</summary>
    private static BitArray? Marked(string text, IReadOnlyList<TextSpan> data, IReadOnlySet<int> control)
    {
        foreach (var span in Guard.NotNull(data))
            if (span.Start < 0 || span.Length < 0 || span.Start > text.Length - span.Length)
                throw new ArgumentOutOfRangeException(nameof(data), span, $"Expected spans within a text of {text.Length} characters, got {span.Length} from {span.Start} on.");
        if (data.Count == 0 || control.Count == 0) return null;
        var marked = new BitArray(text.Length);
        foreach (var span in data)
            for (var i = span.Start; i < span.Start + span.Length; i++)
                marked[i] = true;
        return marked;
    }

    private static bool Touches(BitArray? data, int start, int length)
    {
        if (data is null) return false;
        for (var i = start; i < start + length; i++)
            if (data[i])
                return true;
        return false;
    }
}
