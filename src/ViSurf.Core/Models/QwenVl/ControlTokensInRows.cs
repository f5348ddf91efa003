namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// What becomes of control tokens that a row spells in a question, a system turn, an earlier answer or a label: those that begin or end a
/// turn, end an answer, or stand for pictures and videos.
/// </summary>
public enum ControlTokensInRows
{
    /// <summary>
    /// They are text, in the pieces that any text has: no row can open a turn, place a stop or ask for a picture. The default.
    /// </summary>
    AsText,

    /// <summary>
    /// They are the tokens, as in transformers (<c>split_special_tokens=False</c>): for prompts whose template is written out in the rows,
    /// from sources that are trusted.
    /// </summary>
    AsTokens,
}
