using ViSurf.Core.Common;
using System.Collections.Frozen;

namespace ViSurf.Core.Models.Templates;

/// <summary>
/// Filters, tests, methods and functions: those that chat templates use. A name that is not here is refused when the template is read.
/// </summary>
internal static class JinjaCalls
{
    // safe and tojson stand in the branches for tools, which are never reached; reached all the same, they are refused.
    public static readonly FrozenSet<string> Filters =
        new[] { "count", "d", "default", "first", "items", "join", "last", "length", "list", "lower", "replace", "safe", "string",
            "tojson", "trim", "upper" }.ToFrozenSet();

    public static readonly FrozenSet<string> Tests =
        new[] { "boolean", "defined", "eq", "equalto", "false", "in", "integer", "iterable", "mapping",
            "ne", "none", "number", "sequence", "string", "true", "undefined" }.ToFrozenSet();

    public static readonly FrozenSet<string> Methods =
        new[] { "endswith", "get", "items", "keys", "lower", "lstrip", "replace", "rstrip", "split", "startswith", "strip", "upper",
            "values" }.ToFrozenSet();

    public static object? Filter(string name, object? value, IReadOnlyList<object?> args, JinjaBudget budget) => (name, args.Count) switch
    {
        ("length" or "count", 0) => JinjaValue.Length(value),
        ("default" or "d", <= 2)
            => value is JinjaUndefined || args.Count == 2 && JinjaValue.Truth(args[1]) && !JinjaValue.Truth(value)
                ? (args.Count > 0 ? args[0] : "") : value,
        ("string", 0) => JinjaValue.Text(value),
        ("trim", 0) => Strip(JinjaValue.Text(value), null, true, true),
        ("trim", 1) when args[0] is string chars => Strip(JinjaValue.Text(value), chars, true, true),
        ("upper" or "lower", 0) => Case(JinjaValue.Text(value), name == "upper"),
        ("replace", 2) when args is [string old, string by] => Replace(JinjaValue.Text(value), old, by, budget),
        ("first", 0) => JinjaValue.Items(value) is [var first, ..] ? first : new JinjaUndefined("first"),
        ("last", 0) => JinjaValue.Items(value) is [.., var last] ? last : new JinjaUndefined("last"),
        ("list", 0) => JinjaValue.Items(value),
        ("items", 0) => value is JinjaUndefined ? new List<object?>() : Method("items", value, args, budget),
        ("join", <= 1) when args.Count == 0 || args[0] is string
            => budget.Text(string.Join(args.Count > 0 ? (string)args[0]! : "", JinjaValue.Items(value).Select(JinjaValue.Text))),
        _ => throw Unsupported($"filter '{Excerpt.Of(name)}'", value, args),
    };

    public static bool Test(string name, object? value, IReadOnlyList<object?> args) => (name, args.Count) switch
    {
        ("defined", 0) => value is not JinjaUndefined,
        ("undefined", 0) => value is JinjaUndefined,
        ("none", 0) => value is null,
        ("true", 0) => value is true,
        ("false", 0) => value is false,
        ("boolean", 0) => value is bool,
        ("integer", 0) => value is long,
        ("number", 0) => value is long or bool,
        ("string", 0) => value is string,
        ("mapping", 0) => value is IReadOnlyDictionary<string, object?>,
        // To Python a text is a sequence of characters, and nothing that is undefined is one of anything; but it has a length and can be
        // gone through.
        ("sequence" or "iterable", 0)
            => value is string or IReadOnlyList<object?> or IReadOnlyDictionary<string, object?> or JinjaUndefined,
        ("eq" or "equalto", 1) => JinjaValue.Same(value, args[0]),
        ("ne", 1) => !JinjaValue.Same(value, args[0]),
        ("in", 1) => JinjaValue.In(value, args[0]),
        _ => throw Unsupported($"test '{Excerpt.Of(name)}'", value, args),
    };

    public static object? Method(string name, object? value, IReadOnlyList<object?> args, JinjaBudget budget) => (value, name, args) switch
    {
        (JinjaUndefined u, _, _) => throw new FormatException($"'{u.Name}' is undefined"),
        (string s, "strip" or "lstrip" or "rstrip", [] or [null]) => Strip(s, null, name != "rstrip", name != "lstrip"),
        (string s, "strip" or "lstrip" or "rstrip", [string chars]) => Strip(s, chars, name != "rstrip", name != "lstrip"),
        (string s, "startswith", [string part]) => s.StartsWith(part, StringComparison.Ordinal),
        (string s, "endswith", [string part]) => s.EndsWith(part, StringComparison.Ordinal),
        (string s, "upper" or "lower", []) => Case(s, name == "upper"),
        (string s, "replace", [string old, string by]) => Replace(s, old, by, budget),
        (string s, "split", [string { Length: > 0 } by]) => s.Split(by).Select(part => (object?)budget.Text(part)).ToList(),
        (string s, "split", [string { Length: > 0 } by, long most and >= 0])
            => s.Split(by, (int)Math.Min(most + 1, int.MaxValue)).Select(part => (object?)budget.Text(part)).ToList(),
        (IReadOnlyDictionary<string, object?> map, "get", [string key]) => map.TryGetValue(key, out var found) ? found : null,
        (IReadOnlyDictionary<string, object?> map, "get", [string key, var otherwise]) => map.TryGetValue(key, out var found) ? found
            : otherwise,
        (IReadOnlyDictionary<string, object?> map, "items", []) => map.Select(p => (object?)new List<object?> { p.Key, p.Value }).ToList(),
        (IReadOnlyDictionary<string, object?> map, "keys", []) => map.Keys.Select(k => (object?)k).ToList(),
        (IReadOnlyDictionary<string, object?> map, "values", []) => map.Values.ToList(),
        _ => throw Unsupported($"method '{Excerpt.Of(name)}'", value, args),
    };

    /// <summary>Names that stand for functions in every template.</summary>
    public static void AddFunctions(JinjaScope scope)
    {
        scope.Set("namespace", new JinjaFunction((args, named) =>
        {
            if (args.Count > 0) throw new FormatException("namespace() with arguments that have no name");
            var space = new JinjaNamespace();
            foreach (var (name, value) in named) space.Values[name] = value;
            return space;
        }));
        scope.Set("raise_exception", new JinjaFunction((args, _)
            => throw new FormatException($"it refuses the conversation: {(args.Count > 0 ? JinjaValue.Text(args[0]) : "")}")));
        scope.Set("range", new JinjaFunction((args, _) => Range(args, scope.Budget)));
    }

    private static List<object?> Range(IReadOnlyList<object?> args, JinjaBudget budget)
    {
        var (from, to) = args switch
        {
            [long end] => (0L, end),
            [long start, long end] => (start, end),
            _ => throw new FormatException("range() of other than one or two numbers"),
        };
        var list = new List<object?>();
        for (var i = from; i < to; i++)
        {
            budget.Step();
            list.Add(i);
        }
        return list;
    }

    private static string Strip(string text, string? chars, bool start, bool end)
    {
        var (from, to) = (0, text.Length);
        while (start && from < to && Goes(text[from])) from++;
        while (end && to > from && Goes(text[to - 1])) to--;
        return text[from..to];

        bool Goes(char c) => chars is null ? JinjaLexer.IsSpace(c) : chars.Contains(c, StringComparison.Ordinal);
    }

    /// <summary>Beyond ASCII Python and .NET change case differently (ß).</summary>
    private static string Case(string text, bool upper)
        => !JinjaValue.IsAscii(text) ? throw new FormatException("upper or lower case of a text beyond ASCII, which is not supported")
            : upper ? text.ToUpperInvariant() : text.ToLowerInvariant();

    private static string Replace(string text, string old, string by, JinjaBudget budget)
        => old.Length == 0 ? throw new FormatException("a replacement of nothing")
            : budget.Text(text.Replace(old, by, StringComparison.Ordinal));

    private static FormatException Unsupported(string what, object? value, IReadOnlyList<object?> args)
        => new($"{what} on {JinjaValue.Kind(value)}{(args.Count == 0 ? "" : $" with {string.Join(", ", args.Select(JinjaValue.Kind))}")}, which is not supported");
}
