using System.Globalization;
using System.Text;

namespace ViSurf.Core.Models.Tokens.Patterns;

/// <summary>The text of a pattern and a place in it.</summary>
internal sealed class PatternText(string text)
{
    public int Position { get; private set; }

    public bool AtEnd => Position == text.Length;

    /// <summary>The next unit, U+0000 at the end.</summary>
    public char Next => AtEnd ? '\0' : text[Position];

    public bool Take(string expected)
    {
        if (string.CompareOrdinal(text, Position, expected, 0, expected.Length) != 0) return false;
        Position += expected.Length;
        return true;
    }

    /// <summary>Whether these characters stand here; nothing is taken.</summary>
    public bool Sees(string expected) => string.CompareOrdinal(text, Position, expected, 0, expected.Length) == 0;

    public int TakeCodePoint()
    {
        if (AtEnd) throw Refuse("an end");
        if (Rune.DecodeFromUtf16(text.AsSpan(Position), out var rune, out var length) != System.Buffers.OperationStatus.Done)
            throw Refuse("half of a surrogate pair");
        Position += length;
        return rune.Value;
    }

    /// <summary>Digits of a number of either base, at least one and at most <paramref name="most"/>.</summary>
    public int TakeNumber(NumberStyles style, int most)
    {
        var start = Position;
        while (Position - start < most && (style == NumberStyles.None ? char.IsAsciiDigit(Next) : char.IsAsciiHexDigit(Next))) Position++;
        return int.TryParse(text.AsSpan(start, Position - start), style, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Refuse("no number");
    }

    /// <summary>Characters up to <paramref name="end"/>, which is taken too.</summary>
    public string TakeUntil(char end)
    {
        var stop = text.IndexOf(end, Position);
        if (stop < 0) throw Refuse($"no '{end}'");
        var taken = text[Position..stop];
        Position = stop + 1;
        return taken;
    }

    public FormatException Refuse(string what)
        => new($"its pattern for words has {what} at character {Position + 1}, "
            + $"which is not read exactly as the reference reads it: {text}");
}
