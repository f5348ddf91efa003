using System.Globalization;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Tokens.Patterns;

/// <summary>What stands behind a backslash and is a character or a set of characters; and sets in brackets.</summary>
internal static class PatternEscapes
{
    /// <summary>A single character, or a set where <paramref name="Set"/> is not null.</summary>
    public readonly record struct Item(int CodePoint, CodePointSet? Set);

    public static Item Read(PatternText text, bool inBrackets = false)
    {
        var escaped = text.Next;
        if (!char.IsAsciiLetterOrDigit(escaped)) return new(text.TakeCodePoint(), null);
        text.Take(escaped.ToString());
        return escaped switch
        {
            't' => new('\t', null),
            'n' => new('\n', null),
            'v' => new('\v', null),
            'f' => new('\f', null),
            'r' => new('\r', null),
            'a' => new('\a', null),
            'e' => new('\e', null),
            's' => new(0, CodePointSet.Space),
            'S' => new(0, CodePointSet.Space.Inverse()),
            'd' => new(0, CodePointSet.Digit),
            'D' => new(0, CodePointSet.Digit.Inverse()),
            // The reference looks ² and its like up in two tables.
            'w' => new(0, inBrackets ? CodePointSet.Letters : CodePointSet.Word),
            'W' => new(0, (inBrackets ? CodePointSet.Letters : CodePointSet.Word).Inverse()),
            'h' => new(0, CodePointSet.HexDigit),
            'H' => new(0, CodePointSet.HexDigit.Inverse()),
            'p' or 'P' => new(0, Property(text, escaped == 'P')),
            'u' or 'x' => new(Hexadecimal(text, escaped), null),
            _ => throw text.Refuse($"'\\{escaped}'"),
        };
    }

    /// <summary>A set in brackets, from behind the opening one on.</summary>
    /// <param name="text">The pattern.</param>
    /// <param name="ignoreCase">Letters stand for both cases, and for the two other characters that fold to an ASCII letter.</param>
    public static CodePointSet ReadSet(PatternText text, bool ignoreCase)
    {
        var negated = text.Take("^");
        if (text.Next == ']') throw text.Refuse("']' first in a set");
        var (ranges, others) = (new List<CodePointRange>(), new List<CodePointSet>());
        for (var first = true; !text.Take("]"); first = false)
        {
            if (text.Next == '[') throw text.Refuse("a set in a set, or a bracket in it without '\\',");
            if (text.Sees("&&")) throw text.Refuse("'&&' in a set");
            if (text.Next == '-' && !first && !text.Sees("-]")) throw text.Refuse("'-' in the middle of a set");
            var item = ReadItem(text);
            if (text.Next != '-' || text.Sees("-]"))
            {
                if (item.Set is null) ranges.Add(new(item.CodePoint, item.CodePoint));
                else others.Add(item.Set);
                continue;
            }
            text.Take("-");
            if (text.Next == '[') throw text.Refuse("a set in a set");
            var last = ReadItem(text);
            if (item.Set is not null || last.Set is not null || last.CodePoint < item.CodePoint)
                throw text.Refuse("a range without two ends in order");
            ranges.Add(new(item.CodePoint, last.CodePoint));
        }
        if (ignoreCase) ranges = [.. IgnoringCase(ranges, others, text)];
        return new CodePointSet(ranges, 0, others, negated);
    }

    /// <summary>The characters that are equal to an ASCII character when case does not count.</summary>
    /// <exception cref="FormatException">
    /// It is none: some letters beyond ASCII equal two letters, and the reference counts that in.
    /// </exception>
    public static CodePointSet IgnoringCase(int codePoint, PatternText text)
        => new([.. IgnoringCase([new(codePoint, codePoint)], [], text)]);

    private static IEnumerable<CodePointRange> IgnoringCase(List<CodePointRange> ranges, List<CodePointSet> others, PatternText text)
    {
        if (others.Count > 0 || ranges.Any(r => r.Last > 127))
            throw text.Refuse("characters beyond ASCII or a category where case does not count");
        foreach (var range in ranges)
        {
            yield return range;
            for (var c = range.First; c <= range.Last; c++)
            {
                if (!char.IsAsciiLetter((char)c)) continue;
                yield return new(c ^ 0x20, c ^ 0x20);
                if ((c | 0x20) == 's') yield return new(0x17F, 0x17F);
                if ((c | 0x20) == 'k') yield return new(0x212A, 0x212A);
            }
        }
    }

    private static Item ReadItem(PatternText text) => text.Take("\\") ? Read(text, inBrackets: true) : new(text.TakeCodePoint(), null);

    private static CodePointSet Property(PatternText text, bool negated)
    {
        if (!text.Take("{")) throw text.Refuse("a property without '{'");
        if (text.Take("^")) negated = !negated;
        var name = text.TakeUntil('}');
        var set = CodePointSet.Property(name)
            ?? throw text.Refuse($"the property '{Excerpt.Of(name)}' (general categories such as L, Lu or Nd are known)");
        return negated ? set.Inverse() : set;
    }

    private static int Hexadecimal(PatternText text, char kind)
    {
        var braces = kind == 'x' && text.Take("{");
        var start = text.Position;
        var number = text.TakeNumber(NumberStyles.AllowHexSpecifier, braces ? 8 : kind == 'u' ? 4 : 2);
        if (braces ? !text.Take("}") : text.Position - start != (kind == 'u' ? 4 : 2))
            throw text.Refuse("an incomplete number of a character");
        // Two digits above 7F are a byte of UTF-8, not a character.
        if (!System.Text.Rune.IsValid(number) || (kind == 'x' && !braces && number > 127))
            throw text.Refuse("a number that is no character");
        return number;
    }
}
