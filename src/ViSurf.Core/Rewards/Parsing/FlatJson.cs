namespace ViSurf.Core.Rewards.Parsing;

/// <summary>A member's value, as far as rewards look: a text, a number, a list of numbers, or something else.</summary>
/// <param name="Text">The text, or null.</param>
/// <param name="Number">The number, or null. May be NaN or infinite.</param>
/// <param name="Numbers">The list's numbers, or null when the value is no list of numbers only.</param>
/// <param name="Whole">Whether the number or all numbers of the list were written without fraction and exponent.</param>
internal readonly record struct FlatValue(string? Text, double? Number, IReadOnlyList<double>? Numbers, bool Whole)
{
    /// <summary>Elements of a list, whatever they are; 0 for what is no list.</summary>
    public int Length { get; init; }
}

/// <summary>Reads JSON objects whose members are plain values; deeper values are stepped over. Linear, never throws, never recurses.</summary>
internal static class FlatJson
{
    /// <summary>Reads a JSON list of objects, and nothing after it.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="onObject">Sees each object; the dictionary is reused. False means that the list is not what was expected.</param>
    /// <returns>Whether the text is such a list.</returns>
    public static bool ReadList(ReadOnlySpan<char> text, Func<Dictionary<string, FlatValue>, bool> onObject)
    {
        var cursor = new JsonCursor(text);
        if (!cursor.Take('[')) return false;
        var members = new Dictionary<string, FlatValue>(StringComparer.Ordinal);
        if (!cursor.Take(']'))
        {
            do
            {
                if (!ReadObject(ref cursor, members) || !onObject(members)) return false;
            }
            while (cursor.Take(','));
            if (!cursor.Take(']')) return false;
        }
        cursor.SkipBlanks();
        return cursor.AtEnd;
    }

    /// <summary>Reads one JSON object at the start of the text; what follows it is not looked at.</summary>
    public static bool ReadObject(ReadOnlySpan<char> text, Dictionary<string, FlatValue> members)
    {
        var cursor = new JsonCursor(text);
        return ReadObject(ref cursor, members);
    }

    private static bool ReadObject(ref JsonCursor cursor, Dictionary<string, FlatValue> members)
    {
        members.Clear();
        if (!cursor.Take('{')) return false;
        if (cursor.Take('}')) return true;
        do
        {
            if (!cursor.TryKey(out var key)) return false;
            var name = key.ToString();
            if (!TryValue(ref cursor, out var value)) return false;
            members[name] = value;
        }
        while (cursor.Take(','));
        return cursor.Take('}');
    }

    private static bool TryValue(ref JsonCursor cursor, out FlatValue value)
    {
        value = default;
        cursor.SkipBlanks();
        switch (cursor.Peek)
        {
            case '"':
                if (!cursor.TryString(out var text)) return false;
                value = new FlatValue(text.ToString(), null, null, false);
                return true;
            case '[':
                return TryList(ref cursor, out value);
            case '{' or 't' or 'f' or 'n':
                return cursor.SkipValue();
            default:
                if (!cursor.TryNumber(out var number, out var whole)) return false;
                value = new FlatValue(null, number, null, whole);
                return true;
        }
    }

    private static bool TryList(ref JsonCursor cursor, out FlatValue value)
    {
        var (numbers, plain, whole, length) = (new List<double>(), true, true, 0);
        value = default;
        cursor.Take('[');
        if (!cursor.Take(']'))
        {
            do
            {
                cursor.SkipBlanks();
                length++;
                if (cursor.Peek is '"' or '[' or '{' or 't' or 'f' or 'n')
                {
                    plain = false;
                    if (!cursor.SkipValue()) return false;
                    continue;
                }
                if (!cursor.TryNumber(out var number, out var isWhole)) return false;
                whole &= isWhole;
                if (plain) numbers.Add(number);
            }
            while (cursor.Take(','));
            if (!cursor.Take(']')) return false;
        }
        value = plain ? new FlatValue(null, null, numbers, whole) { Length = length } : new FlatValue { Length = length };
        return true;
    }
}
