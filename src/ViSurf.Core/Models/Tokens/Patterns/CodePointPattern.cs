using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace ViSurf.Core.Models.Tokens.Patterns;

/// <summary>
/// A pattern over code points. .NET's own regular expressions see UTF-16 units, in which a letter beyond U+FFFF is two surrogates and no
/// letter; here the text is first written in an <see cref="Alphabet"/> of one unit per character. Thread-safe.
/// </summary>
internal sealed class CodePointPattern
{
    private const int LongestPattern = 1024;

    // One word takes microseconds. A pattern from a file may be one that backtracks for years.
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    // A hundred times what published patterns take, so that many matches just below the limit end as well.
    private static readonly TimeSpan LongestCharacter = TimeSpan.FromMicroseconds(20);

    private readonly Regex _regex;
    private readonly Alphabet _alphabet;

    /// <exception cref="FormatException">The pattern is none, or is not read exactly.</exception>
    public CodePointPattern(string pattern)
        : this(PatternReader.Read(Short(pattern)))
    {
    }

    private CodePointPattern(IReadOnlyList<PatternPart> parts)
    {
        var sets = parts.Select(p => p.Set).OfType<CodePointSet>();
        _alphabet = new Alphabet(sets.Distinct<CodePointSet>(ReferenceEqualityComparer.Instance).ToArray());
        var letters = string.Concat(parts.Select(p => p.Syntax ?? _alphabet.Class(p.Set!)));
        _regex = new Regex(letters, RegexOptions.Compiled | RegexOptions.CultureInvariant, LongestMatch);
    }

    /// <summary>A pattern that matches this text and nothing else.</summary>
    public static CodePointPattern OfText(string text)
        => new(Short(text).EnumerateRunes().Select(r => new PatternPart(null, CodePointSet.Of(r.Value))).ToArray());

    /// <summary>
    /// Matches from left to right, in UTF-16 units of the text. As in the reference, an empty match is passed over where the match before
    /// it ended.
    /// </summary>
    /// <exception cref="RegexMatchTimeoutException">One match took more than a second, or all together out of proportion.</exception>
    public List<TextSpan> Matches(string text)
    {
        var (letters, offsets) = Letters(text);
        var matches = new List<TextSpan>();
        int? last = null;
        var (clock, longest) = (Stopwatch.StartNew(), (2 * LongestMatch) + (text.Length * LongestCharacter));
        for (var from = 0; from <= letters.Length;)
        {
            if (clock.Elapsed > longest) throw new RegexMatchTimeoutException("", "", longest);
            if (Match(letters, from) is not { } match) break;
            var (start, end) = match;
            if (start == end && last == end)
            {
                from++;
                continue;
            }
            from = end;
            last = end;
            var (first, after) = offsets is null ? (start, end) : (offsets[start], offsets[end]);
            matches.Add(new TextSpan(first, after - first));
        }
        return matches;
    }

    /// <summary>
    /// The first match from a place on. The limit is wall-clock time, so on a busy machine a match is tried a second time.
    /// </summary>
    private (int Start, int End)? Match(string letters, int from)
    {
        for (var again = false; ; again = true)
            try
            {
                var found = _regex.EnumerateMatches(letters, from).GetEnumerator();
                return found.MoveNext() ? (found.Current.Index, found.Current.Index + found.Current.Length) : null;
            }
            catch (RegexMatchTimeoutException) when (!again)
            {
                // Once more.
            }
    }

    private static string Short(string pattern)
        => pattern.Length <= LongestPattern
            ? pattern
            : throw new FormatException($"its pattern for words has {pattern.Length} characters, expected at most {LongestPattern}");

    /// <summary>The text in letters, and where each of them stands in the text; null where the two have the same places.</summary>
    private (string Letters, int[]? Offsets) Letters(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            return (string.Create(text.Length, (text, _alphabet), static (letters, given) =>
            {
                for (var i = 0; i < letters.Length; i++) letters[i] = given._alphabet.Letter(given.text[i]);
            }), null);
        var (written, offsets) = (new StringBuilder(text.Length), new List<int>(text.Length + 1));
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            written.Append(_alphabet.Letter(rune.Value));
            offsets.Add(at);
            at += rune.Utf16SequenceLength;
        }
        offsets.Add(at);
        return (written.ToString(), offsets.ToArray());
    }
}
