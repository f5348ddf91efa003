using System.Collections;
using System.Collections.Frozen;
using System.Text.RegularExpressions;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Tokens;

/// <summary>
/// The byte-level BPE tokenizer of a Qwen checkpoint: added tokens are cut out first, the text between them is normalised, split into
/// words and merged. Thread-safe.
/// </summary>
/// <remarks>
/// Ids are those of Hugging Face's tokenizers 0.23 without special tokens added (<c>add_special_tokens=False</c>), for every option of the
/// files that is not refused on loading.
/// </remarks>
public sealed class QwenTokenizer
{
    private readonly string _directory;
    private readonly FrozenDictionary<string, AddedToken> _added;
    private readonly FrozenDictionary<string, int> _vocabulary;
    private readonly FrozenDictionary<int, (byte[] Bytes, bool Special)> _tokens;
    private readonly TextEncoder _encoder;

    private QwenTokenizer(string directory, TokenizerFiles files)
    {
        _directory = directory;
        _added = files.Added.ToFrozenDictionary(t => t.Text, StringComparer.Ordinal);
        _vocabulary = files.Vocabulary.ToFrozenDictionary(StringComparer.Ordinal);
        var tokens = files.Vocabulary.ToDictionary(t => t.Value, t => (ByteLetters.Decode(t.Key), false));
        foreach (var token in files.Added) tokens[token.Id] = (System.Text.Encoding.UTF8.GetBytes(token.Text), token.Special);
        _tokens = tokens.ToFrozenDictionary();
        VocabularySize = tokens.Keys.Max() + 1;
        _encoder = new TextEncoder(files);
    }

    /// <summary>One more than the largest id; the model's embedding may have more rows.</summary>
    public int VocabularySize { get; }

    /// <summary>Loads <c>tokenizer.json</c>, or <c>vocab.json</c> + <c>merges.txt</c> + <c>tokenizer_config.json</c>.</summary>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="FileNotFoundException">Neither set of files is there.</exception>
    /// <exception cref="InvalidDataException">
    /// A file is not what its name says, or has an option that changes tokens and is not supported.
    /// </exception>
    public static QwenTokenizer Load(string directory) => new(directory, TokenizerFiles.Read(directory));

    /// <summary>Text to ids; added tokens written out in the text become their ids.</summary>
    /// <exception cref="InvalidDataException">
    /// The text holds half of a surrogate pair, or a pattern of the files backtracks without end.
    /// </exception>
    public IReadOnlyList<int> Encode(string text) => Encode(text, [], FrozenSet<int>.Empty);

    /// <summary>
    /// Text to ids, where parts of the text are data that must not speak for the conversation: there the tokens of
    /// <paramref name="control"/> are ordinary text, so that no question and no label can open a turn or place a stop.
    /// </summary>
    /// <param name="text">The whole text. It is split into words in one go, also across the borders of the data.</param>
    /// <param name="data">Where the data stands, in UTF-16 units of <paramref name="text"/>, in any order.</param>
    /// <param name="control">Ids of added tokens that are not matched where they overlap data.</param>
    /// <exception cref="ArgumentOutOfRangeException">A span reaches beyond the text.</exception>
    /// <exception cref="InvalidDataException">
    /// The text holds half of a surrogate pair, or a pattern of the files backtracks without end.
    /// </exception>
    public IReadOnlyList<int> Encode(string text, IReadOnlyList<TextSpan> data, IReadOnlySet<int> control)
    {
        Guard.NotNull(text);
        var marked = Marked(text, data, Guard.NotNull(control));
        EnsureWhole(text);
        try
        {
            return _encoder.Encode(text, marked, control);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new InvalidDataException(
                $"A pattern for words in the tokenizer of '{_directory}' took {e.MatchTimeout.TotalSeconds:0} s for a text of "
                    + $"{text.Length} characters "
                + "and is not done. Use the pattern of the published tokenizer.",
                e);
        }
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
        => Find(token)
            ?? throw new InvalidDataException($"Expected a token '{token}' in the tokenizer of '{_directory}', found none. "
                + $"Is this a Qwen-VL checkpoint?");

    /// <summary>Which units of the text are data; null where it makes no difference.</summary>
    private static BitArray? Marked(string text, IReadOnlyList<TextSpan> data, IReadOnlySet<int> control)
    {
        foreach (var span in Guard.NotNull(data))
            if (span.Start < 0 || span.Length < 0 || span.Start > text.Length - span.Length)
                throw new ArgumentOutOfRangeException(
                    nameof(data), span, $"Expected spans within a text of {text.Length} characters, "
                        + $"got {span.Length} from {span.Start} on.");
        if (data.Count == 0 || control.Count == 0) return null;
        var marked = new BitArray(text.Length);
        foreach (var span in data)
            for (var i = span.Start; i < span.Start + span.Length; i++)
                marked[i] = true;
        return marked;
    }

    private static void EnsureWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) i++;
            else if (char.IsSurrogate(text[i]))
                throw new InvalidDataException(
                    $"Expected text in Unicode, got half of a surrogate pair (U+{(int)text[i]:X4}) at position {i}: "
                        + $"it stands for no character "
                    + "and has no tokens. Was an emoji cut in two?");
    }
}
