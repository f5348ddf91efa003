using System.Globalization;

namespace ViSurf.Core.Models.Templates;

/// <summary>
/// Python's rules for the values a template sees: null, bool, long, text, list, object (a dictionary by text), namespace. What Python does
/// and this does not is an error and never another text.
/// </summary>
internal static class JinjaValue
{
    public static bool Truth(object? value) => value switch
    {
        null or JinjaUndefined => false,
        bool b => b,
        long n => n != 0,
        string s => s.Length > 0,
        IReadOnlyList<object?> list => list.Count > 0,
        IReadOnlyDictionary<string, object?> map => map.Count > 0,
        _ => true,
    };

    /// <summary>Python's str().</summary>
    public static string Text(object? value) => value switch
    {
        null => "None",
        JinjaUndefined => "",
        string s => s,
        bool b => b ? "True" : "False",
        long n => n.ToString(CultureInfo.InvariantCulture),
        _ => throw new FormatException($"{Kind(value)} is printed, which is not supported"),
    };

    public static bool Same(object? a, object? b) => (a, b) switch
    {
        (JinjaUndefined, JinjaUndefined) => true,
        (string x, string y) => x == y,
        (IReadOnlyList<object?> x, IReadOnlyList<object?> y) => x.Count == y.Count && x.Zip(y).All(p => Same(p.First, p.Second)),
        (IReadOnlyDictionary<string, object?> x, IReadOnlyDictionary<string, object?> y) => x.Count == y.Count
            && x.All(p => y.TryGetValue(p.Key, out var v) && Same(p.Value, v)),
        // True is 1.
        _ => Number(a) is { } m && Number(b) is { } n ? m == n : a is null && b is null || a is not null && ReferenceEquals(a, b),
    };

    public static int Compare(object? a, object? b)
        => Number(a) is { } m && Number(b) is { } n ? m.CompareTo(n)
            : a is string x && b is string y && IsAscii(x) && IsAscii(y) ? string.CompareOrdinal(x, y)
            : throw new FormatException($"{Kind(a)} is compared with {Kind(b)}, which have no order");

    public static bool In(object? item, object? container) => container switch
    {
        string s => item is string part ? s.Contains(part, StringComparison.Ordinal)
            : throw new FormatException($"{Kind(item)} is looked for in a text"),
        IReadOnlyDictionary<string, object?> map => item is string key && map.ContainsKey(key),
        IReadOnlyList<object?> list => list.Any(i => Same(i, item)),
        JinjaUndefined => false,
        _ => throw new FormatException($"something is looked for in {Kind(container)}"),
    };

    public static object Add(object? a, object? b, JinjaBudget budget) => (a, b) switch
    {
        (string x, string y) => budget.Text(x + y),
        (IReadOnlyList<object?> x, IReadOnlyList<object?> y) => Counted([.. x, .. y], budget),
        _ => Calculate('+', a, b),
    };

    public static object Calculate(char op, object? a, object? b)
    {
        if (Number(a) is not { } x || Number(b) is not { } y) throw new FormatException($"'{op}' between {Kind(a)} and {Kind(b)}");
        try
        {
            return op switch
            {
                '+' => checked(x + y),
                '-' => checked(x - y),
                '*' => checked(x * y),
                _ when y == 0 => throw new FormatException("a division by zero"),
                // As Python: rounded down, the rest with the divisor's sign.
                '/' => x / y - (x % y != 0 && (x < 0) != (y < 0) ? 1 : 0),
                _ => (x % y + y) % y,
            };
        }
        catch (OverflowException)
        {
            throw new FormatException("a number beyond 64 bits");
        }
    }

    public static long Length(object? value) => value switch
    {
        string s => s.EnumerateRunes().Count(),
        IReadOnlyList<object?> list => list.Count,
        IReadOnlyDictionary<string, object?> map => map.Count,
        JinjaUndefined => 0,
        _ => throw new FormatException($"the length of {Kind(value)}"),
    };

    /// <summary>What a loop goes through.</summary>
    public static IReadOnlyList<object?> Items(object? value) => value switch
    {
        IReadOnlyList<object?> list => list,
        IReadOnlyDictionary<string, object?> map => [.. map.Keys],
        string s => [.. Indexed(s).Select(c => (object?)c.ToString())],
        JinjaUndefined => [],
        _ => throw new FormatException($"a loop over {Kind(value)}"),
    };

    /// <summary><c>value[key]</c> and <c>value.key</c>.</summary>
    public static object? Item(object? value, object? key) => value switch
    {
        JinjaUndefined u => throw new FormatException($"'{u.Name}' is undefined"),
        IReadOnlyDictionary<string, object?> map => key is string k && map.TryGetValue(k, out var found) ? found : Missing(key),
        JinjaNamespace space => key is string k && space.Values.TryGetValue(k, out var found) ? found : Missing(key),
        IReadOnlyList<object?> list => Number(key) is { } n
            ? (n < 0 ? n + list.Count : n) is >= 0 and var i && i < list.Count ? list[(int)i] : Missing(key) : Missing(key),
        string s => Number(key) is { } n
            ? (n < 0 ? n + s.Length : n) is >= 0 and var i && i < s.Length ? Indexed(s)[(int)i].ToString() : Missing(key) : Missing(key),
        _ => Missing(key),
    };

    /// <summary><c>value[from:to:step]</c>.</summary>
    public static object Slice(object? value, long? from, long? to, long? step, JinjaBudget budget)
    {
        var by = step ?? 1;
        if (by == 0) throw new FormatException("a slice whose step is 0");
        var text = value is string given ? Indexed(given) : null;
        var list = text is not null ? [] : value as IReadOnlyList<object?> ?? throw new FormatException($"a slice of {Kind(value)}");
        long count = text?.Length ?? list.Count;
        var (low, high) = by > 0 ? (0L, count) : (-1L, count - 1);
        var (start, end) = (Bound(from, by > 0 ? low : high), Bound(to, by > 0 ? high : low));
        var places = new List<int>();
        for (var i = start; by > 0 ? i < end : i > end; i += by) places.Add((int)i);
        return text is not null ? budget.Text(string.Concat(places.Select(i => text[i])))
            : Counted([.. places.Select(i => list[i])], budget);

        long Bound(long? place, long otherwise) => place is not { } n ? otherwise : Math.Clamp(n < 0 ? n + count : n, low, high);
    }

    public static long? Number(object? value) => value switch { long n => n, bool b => b ? 1 : 0, _ => null };

    public static bool IsAscii(string text) => text.All(char.IsAscii);

    /// <summary>A value's kind in words.</summary>
    public static string Kind(object? value) => value switch
    {
        null => "none",
        JinjaUndefined u => $"'{u.Name}', which is undefined,",
        bool => "a truth value",
        long => "a number",
        string => "a text",
        IReadOnlyList<object?> => "a list",
        IReadOnlyDictionary<string, object?> => "an object",
        JinjaNamespace => "a namespace",
        _ => "a function",
    };

    private static JinjaUndefined Missing(object? key) => new(key is string or long ? Text(key) : "?");

    /// <summary>A text whose characters are its UTF-16 units: Python counts code points.</summary>
    private static string Indexed(string text)
        => text.Any(char.IsSurrogate)
            ? throw new FormatException("single characters of a text with characters beyond U+FFFF, which is not supported") : text;

    private static List<object?> Counted(List<object?> list, JinjaBudget budget)
    {
        budget.Step(list.Count);
        return list;
    }
}
