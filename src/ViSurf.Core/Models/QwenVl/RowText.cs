using System.Text;
using ViSurf.Core.Models.Tokens;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Texts of a row on their way through a chat template: the places where they would spell a control token, or a piece of one that a
/// neighbour could complete, are marked by a character that no text has, and found again in what was rendered. A template may cut, split
/// and trim in between.
/// </summary>
/// <param name="tokens">The control tokens' texts; none: nothing is marked.</param>
internal sealed class RowText(IReadOnlyList<string> tokens)
{
    // Unicode sets these 32 aside for use inside of programs.
    private const char FirstMark = '\uFDD0', LastMark = '\uFDEF';

    /// <summary>A mark that stands in none of the texts.</summary>
    /// <exception cref="FormatException">All stand in them.</exception>
    public static char Mark(IEnumerable<string> texts)
    {
        var all = texts.ToArray();
        for (var mark = FirstMark; mark <= LastMark; mark++)
            if (!all.Any(text => text.Contains(mark)))
                return mark;
        throw new FormatException("its texts hold all of U+FDD0 to U+FDEF, which Unicode keeps for programs; expected at most 31 of them");
    }

    /// <summary>The text with a mark behind the first of the characters that a control token would take from it.</summary>
    public string Marked(string text, char mark)
    {
        var places = new SortedSet<int>();
        foreach (var token in tokens)
        {
            for (var i = text.IndexOf(token, StringComparison.Ordinal); i >= 0; i = text.IndexOf(token, i + 1, StringComparison.Ordinal))
                places.Add(i);
            // What begins in this text and may be completed by the next, and the end of one that the text before began.
            for (var n = 1; n < token.Length; n++)
            {
                if (text.EndsWith(token[..n], StringComparison.Ordinal)) places.Add(text.Length - n);
                if (text.StartsWith(token[n..], StringComparison.Ordinal)) places.Add(0);
            }
        }
        if (places.Count == 0) return text;
        var marked = new StringBuilder(text);
        foreach (var place in places.Reverse()) marked.Insert(place + 1, mark);
        return marked.ToString();
    }

    /// <summary>Takes the marks out; each leaves a span of one character, by which no token of the tokens given is matched.</summary>
    public static (string Text, IReadOnlyList<TextSpan> Data) Released(string rendered, char mark)
    {
        if (!rendered.Contains(mark)) return (rendered, []);
        var (text, data) = (new StringBuilder(rendered.Length), new List<TextSpan>());
        foreach (var c in rendered)
            if (c != mark) text.Append(c);
            else if (text.Length > 0) data.Add(new TextSpan(text.Length - 1, 1));
        return (text.ToString(), data);
    }
}
