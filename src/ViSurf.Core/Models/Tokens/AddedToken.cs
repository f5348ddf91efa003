namespace ViSurf.Core.Models.Tokens;

/// <summary>A token that is matched as a whole, before the text is split into words.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Id">Its id.</param>
/// <param name="Special">Whether decoding that skips special tokens skips it.</param>
internal sealed record AddedToken(string Text, int Id, bool Special)
{
    /// <summary>Takes the blanks before it as well.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Takes the blanks behind it as well.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Does not match beside a letter, mark, digit or connector.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Matches in the normalised text, after those that do not.</summary>
    public bool Normalized { get; init; }
}
