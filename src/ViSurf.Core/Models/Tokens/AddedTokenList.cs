namespace ViSurf.Core.Models.Tokens;

/// <summary>
/// Added tokens of one file after the other, with the ids that the reference gives them: the next free one, or the vocabulary's.
/// </summary>
/// <param name="vocabulary">Entries of the model's own vocabulary.</param>
internal sealed class AddedTokenList(IReadOnlyDictionary<string, int> vocabulary)
{
    private readonly Dictionary<string, AddedToken> _tokens = new(StringComparer.Ordinal);
    private int _next = vocabulary.Count;

    public IReadOnlyList<AddedToken> Tokens => _tokens.Values.OrderBy(t => t.Id).ToArray();

    /// <summary>The tokens of one file, in its order.</summary>
    /// <returns>True.</returns>
    /// <exception cref="FormatException">A token is none, is there twice, or has another id than the reference gives it.</exception>
    public bool AddAll(IReadOnlyList<AddedToken> tokens)
    {
        TokenizerCheck.Added(tokens, vocabulary);
        foreach (var token in tokens) Add(token);
        return true;
    }

    /// <summary>A token with its id; one that is there already takes the new flags.</summary>
    private void Add(AddedToken token)
    {
        if (Free(token.Text) is var id && id != token.Id)
            throw new FormatException(
                $"the added token '{token.Text}' is listed with id {token.Id}, but transformers gives it {id}, the next one that is free. "
                + $"Number the added tokens without holes, from {vocabulary.Count} on");
        _tokens[token.Text] = token;
        _next = Math.Max(_next, id + 1);
    }

    /// <summary>A special token that is named without an id: it is added where it is not there.</summary>
    public void AddSpecial(AddedToken token)
    {
        if (_tokens.TryGetValue(token.Text, out var known)) _tokens[token.Text] = known with { Special = true };
        else Add(token with { Id = Free(token.Text), Special = true });
    }

    private int Free(string text)
        => _tokens.TryGetValue(text, out var known) ? known.Id : vocabulary.TryGetValue(text, out var id) ? id : _next;
}
