using System.Collections.Frozen;
using Microsoft.ML.Tokenizers;

namespace ViSurf.Core.Models.Tokens;

/// <summary>Words to ids by byte-pair merges.</summary>
internal sealed class WordEncoder
{
    // Beyond this the library's merging, which is quadratic, costs more than a heap.
    private const int LongWord = 64;

    private readonly BpeTokenizer _words;
    private readonly BytePairMerger _longWords;
    private readonly FrozenDictionary<string, int>? _whole;

    public WordEncoder(TokenizerFiles files)
    {
        _words = BpeTokenizer.Create(new BpeOptions(files.Vocabulary) { Merges = files.Merges, ByteLevel = true });
        _longWords = new BytePairMerger(files.Vocabulary, files.Merges);
        if (files.IgnoreMerges) _whole = files.Vocabulary.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public void Encode(string word, List<int> into)
    {
        if (_whole is not null && _whole.TryGetValue(ByteLetters.Encode(word), out var id)) into.Add(id);
        else if (word.Length > LongWord) _longWords.Merge(System.Text.Encoding.UTF8.GetBytes(word), into);
        else into.AddRange(_words.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false));
    }
}
