using System.Collections;

namespace ViSurf.Core.Models.Tokens;

/// <summary>
/// Text to ids in the reference's order: added tokens that do not match normalised text, normalisation, added tokens that do, the steps
/// of the pre-tokenizer, merges.
/// </summary>
internal sealed class TextEncoder
{
    private readonly AddedTokenMatcher _raw, _normalized;
    private readonly HashSet<int> _normalizedIds;
    private readonly Normalizer _normalizer;
    private readonly IReadOnlyList<IWordStep> _steps;
    private readonly WordEncoder _words;

    public TextEncoder(TokenizerFiles files)
    {
        _normalizer = files.Normalizer;
        _steps = files.Words;
        _words = new WordEncoder(files);
        _raw = new AddedTokenMatcher(files.Added.Where(t => !t.Normalized).Select(t => (t.Text, t)));
        _normalized = new AddedTokenMatcher(files.Added.Where(t => t.Normalized).Select(t => (_normalizer.Apply(t.Text), t)));
        _normalizedIds = files.Added.Where(t => t.Normalized).Select(t => t.Id).ToHashSet();
    }

    /// <param name="text">A text without lone surrogates.</param>
    /// <param name="data">Which of its units are data, or null.</param>
    /// <param name="control">Ids of added tokens that are not matched where they overlap data.</param>
    public List<int> Encode(string text, BitArray? data, IReadOnlySet<int> control)
    {
        var ids = new List<int>();
        foreach (var raw in _raw.Cut(text, data, control))
        {
            if (raw.Token is not null)
            {
                ids.Add(raw.Token.Id);
                continue;
            }
            var (piece, marks) = Normalized(text[raw.Start..raw.End], raw.Start, data, control);
            foreach (var span in _normalized.Cut(piece, marks, control))
                if (span.Token is not null) ids.Add(span.Token.Id);
                else Words(piece[span.Start..span.End], ids);
        }
        return ids;
    }

    private void Words(string text, List<int> ids)
    {
        List<string> words = [text];
        foreach (var step in _steps)
        {
            var split = new List<string>();
            foreach (var word in words) step.Split(word, split);
            words = split;
        }
        foreach (var word in words) _words.Encode(word, ids);
    }

    /// <summary>The normalised piece and which of its units are data, where a token could overlap them.</summary>
    private (string Text, BitArray? Data) Normalized(string piece, int start, BitArray? data, IReadOnlySet<int> control)
    {
        if (data is null || !_normalizedIds.Overlaps(control)) return (_normalizer.Apply(piece), null);
        var (text, marks) = (new System.Text.StringBuilder(), new List<bool>());
        for (var (from, to) = (0, 1); from < piece.Length; from = to, to++)
        {
            // Nothing composes with an ASCII character behind it, so what stands before one is normalised by itself.
            while (to < piece.Length && !char.IsAscii(piece[to])) to++;
            var segment = _normalizer.Apply(piece[from..to]);
            text.Append(segment);
            var marked = Enumerable.Range(start + from, to - from).Any(i => data[i]);
            marks.AddRange(Enumerable.Repeat(marked, segment.Length));
        }
        return (text.ToString(), new BitArray(marks.ToArray()));
    }
}
