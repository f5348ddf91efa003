using System.Text;

namespace ViSurf.Core.Models.Tokens;

/// <summary>
/// What must hold in a byte-level BPE tokenizer before it is built. A file that lost entries would otherwise split text into other
/// tokens than the model was trained on, in silence.
/// </summary>
internal static class TokenizerCheck
{
    /// <summary>Twice the largest vocabulary published so far.</summary>
    public const int MostTokens = 500_000;

    /// <summary>Added tokens are searched for at every character.</summary>
    public const int MostAdded = 1 << 14;

    private const int LargestId = 1 << 22;

    /// <exception cref="FormatException">The parts do not fit together; the message names the entry.</exception>
    public static TokenizerFiles Ensure(TokenizerFiles files)
    {
        Count("merges", files.Merges.Count, 0, MostTokens);
        Count("added tokens", files.Added.Count, 0, MostAdded);
        if (files.Added.Where(t => t.Normalized).GroupBy(t => files.Normalizer.Apply(t.Text), StringComparer.Ordinal)
            .FirstOrDefault(g => g.Count() > 1) is { } same)
            throw new FormatException($"the added tokens {string.Join(" and ", same.Select(t => $"'{t.Text}' ({t.Id})"))} are the same "
                + $"text once normalised");
        CheckMerges(files);
        return files;
    }

    public static void Count(string what, int count, int least, int most)
    {
        if (count < least || count > most) throw new FormatException($"{count} {what}, expected {least} to {most}");
    }

    /// <exception cref="FormatException">An id is missing or given twice, or a byte has no token.</exception>
    public static TokenizerFiles Vocabulary(TokenizerFiles files)
    {
        var vocabulary = files.Vocabulary;
        var byId = new string?[vocabulary.Count];
        foreach (var (token, id) in vocabulary)
        {
            if (id < 0 || id >= byId.Length) throw new FormatException($"'{token}' has id {id}, but {byId.Length} entries have the ids 0 to {byId.Length - 1} without holes");
            if (byId[id] is { } other) throw new FormatException($"'{token}' and '{other}' both have id {id}");
            byId[id] = token;
        }
        if (ByteLetters.All.Where(letter => !vocabulary.ContainsKey(letter.ToString())).ToArray() is { Length: > 0 } absent)
            throw new FormatException($"no entry for {absent.Length} of the 256 bytes (first: '{absent[0]}'), so some text would have no tokens");
        return files;
    }

    /// <exception cref="FormatException">An added token is empty, or contradicts another one or the vocabulary.</exception>
    public static void Added(IReadOnlyList<AddedToken> added, IReadOnlyDictionary<string, int> vocabulary)
    {
        Count("added tokens", added.Count, 0, MostAdded);
        var (texts, ids) = (new HashSet<string>(StringComparer.Ordinal), new Dictionary<int, string>());
        foreach (var token in added)
        {
            if (token.Text.Length == 0) throw new FormatException($"the added token {token.Id} is empty");
            if (token.Id is < 0 or > LargestId) throw new FormatException($"the added token '{token.Text}' has id {token.Id}, expected 0 to {LargestId}");
            if (!texts.Add(token.Text)) throw new FormatException($"the added token '{token.Text}' is listed twice");
            if (!ids.TryAdd(token.Id, token.Text)) throw new FormatException($"the added tokens '{token.Text}' and '{ids[token.Id]}' both have id {token.Id}");
            if (vocabulary.TryGetValue(token.Text, out var id) ? id != token.Id : token.Id < vocabulary.Count)
                throw new FormatException($"the added token '{token.Text}' has id {token.Id}, "
                    + $"but the vocabulary says "
                    + $"{(id != token.Id && vocabulary.ContainsKey(token.Text) ? $"{id}" : $"that is '{vocabulary.First(t => t.Value == token.Id).Key}'")}");
        }
    }

    private static void CheckMerges(TokenizerFiles files)
    {
        var (reached, pairs) = (files.Added.Select(t => t.Text).ToHashSet(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var joined = new StringBuilder();
        foreach (var merge in files.Merges)
        {
            var space = merge.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0 || space == merge.Length - 1 || merge.IndexOf(' ', space + 1) >= 0) throw new FormatException($"the merge '{merge}' is not two tokens with a blank between them");
            if (!pairs.Add(merge)) throw new FormatException($"the merge '{merge}' is listed twice");
            joined.Clear().Append(merge, 0, space).Append(merge, space + 1, merge.Length - space - 1);
            var token = joined.ToString();
            if (new[] { merge[..space], merge[(space + 1)..], token }.FirstOrDefault(part => !files.Vocabulary.ContainsKey(part)) is { } absent)
                throw new FormatException($"the merge '{merge}' needs '{absent}', which the vocabulary lacks");
            reached.Add(token);
        }
        if (!files.IgnoreMerges && files.Vocabulary.Keys.Where(token => token.Length > 1 && !reached.Contains(token)).Take(MostTokens)
            .ToArray() is { Length: > 0 } unreached)
            throw new FormatException($"no merge makes {unreached.Length} of the {files.Vocabulary.Count} vocabulary entries (first: '{unreached[0]}'): merges are missing");
    }
}
