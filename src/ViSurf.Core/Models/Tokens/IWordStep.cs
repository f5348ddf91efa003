namespace ViSurf.Core.Models.Tokens;

/// <summary>A step of the pre-tokenizer: it splits a piece of text into pieces that are merged each by itself.</summary>
internal interface IWordStep
{
    /// <summary>Adds the pieces that a piece, never an empty one, falls into.</summary>
    void Split(string piece, List<string> into);
}

/// <summary>Puts a blank before a piece that has none, so that a first word is a word like any other.</summary>
internal sealed class BlankStep : IWordStep
{
    public void Split(string piece, List<string> into) => into.Add(piece[0] == ' ' ? piece : ' ' + piece);
}
