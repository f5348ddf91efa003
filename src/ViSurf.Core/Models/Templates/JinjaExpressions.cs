using ViSurf.Core.Common;
using System.Collections.Frozen;

namespace ViSurf.Core.Models.Templates;

/// <summary>Computes a value.</summary>
internal delegate object? JinjaExpression(JinjaScope scope);

/// <summary>Reads expressions, one method for each level of precedence, into what computes them.</summary>
/// <remarks>Jinja 3.1, <c>parser.py</c>.</remarks>
internal sealed class JinjaExpressions(JinjaReader reader)
{
    /// <summary>Everything, <c>a if b else c</c> included.</summary>
    public JinjaExpression Read()
    {
        reader.Nest();
        var value = Or();
        while (reader.Word("if"))
        {
            var (then, condition) = (value, Or());
            var otherwise = reader.Word("else") ? Read() : _ => new JinjaUndefined("else");
            value = scope => JinjaValue.Truth(condition(scope)) ? then(scope) : otherwise(scope);
        }
        return value;
    }

    /// <summary>Without an <c>if</c>, which after a loop's list means something else.</summary>
    public JinjaExpression Or()
    {
        var left = And();
        while (reader.Word("or"))
        {
            var (a, b) = (left, And());
            left = scope => a(scope) is var value && JinjaValue.Truth(value) ? value : b(scope);
        }
        return left;
    }

    /// <summary>Arguments up to the closing bracket, which is passed; the opening one was.</summary>
    public Func<JinjaScope, (IReadOnlyList<object?> Args, IReadOnlyDictionary<string, object?> Named)> Arguments()
    {
        var (args, named) = (new List<JinjaExpression>(), new Dictionary<string, JinjaExpression>(StringComparer.Ordinal));
        while (!reader.Operator(")"))
        {
            if (args.Count + named.Count > 0) reader.Expect(JinjaKind.Operator, ",");
            if (reader.Operator(")")) break;
            var value = Named(out var name);
            if (name is null && named.Count == 0) args.Add(value);
            else if (name is null || !named.TryAdd(name, value))
                throw reader.Error("an argument without a name after named ones, or a name twice");
        }
        return scope => ([.. args.Select(a => a(scope))], named.ToDictionary(n => n.Key, n => n.Value(scope), StringComparer.Ordinal));
    }

    private JinjaExpression Named(out string? name)
    {
        name = null;
        if (reader.Here.Kind != JinjaKind.Name || !reader.FollowedBy("=")) return Read();
        name = reader.Next().Value;
        reader.Next();
        return Read();
    }

    private JinjaExpression And()
    {
        var left = Not();
        while (reader.Word("and"))
        {
            var (a, b) = (left, Not());
            left = scope => a(scope) is var value && JinjaValue.Truth(value) ? b(scope) : value;
        }
        return left;
    }

    private JinjaExpression Not()
    {
        reader.Nest();
        if (!reader.Word("not")) return Comparison();
        var value = Not();
        return scope => !JinjaValue.Truth(value(scope));
    }

    private JinjaExpression Comparison()
    {
        var left = Sum();
        var (first, rest) = (left, new List<(Func<object?, object?, bool> Holds, JinjaExpression Right)>());
        while (Comparer() is { } holds) rest.Add((holds, Sum()));
        if (rest.Count == 0) return left;
        return scope =>
        {
            var a = first(scope);
            foreach (var (holds, right) in rest)
            {
                var b = right(scope);
                if (!holds(a, b)) return false;
                a = b;
            }
            return true;
        };
    }

    private Func<object?, object?, bool>? Comparer()
        => reader.Operator("==") ? JinjaValue.Same
            : reader.Operator("!=") ? (a, b) => !JinjaValue.Same(a, b)
            : reader.Operator("<=") ? (a, b) => JinjaValue.Compare(a, b) <= 0
            : reader.Operator(">=") ? (a, b) => JinjaValue.Compare(a, b) >= 0
            : reader.Operator("<") ? (a, b) => JinjaValue.Compare(a, b) < 0
            : reader.Operator(">") ? (a, b) => JinjaValue.Compare(a, b) > 0
            : reader.Word("in") ? JinjaValue.In
            : reader.Is(JinjaKind.Name, "not") && reader.FollowedBy("in") && reader.Word("not") && reader.Word("in")
                ? (a, b) => !JinjaValue.In(a, b)
            : null;

    private JinjaExpression Sum()
    {
        var left = Joined();
        while (true)
        {
            var plus = reader.Operator("+");
            if (!plus && !reader.Operator("-")) return left;
            var (a, b) = (left, Joined());
            left = plus ? scope => JinjaValue.Add(a(scope), b(scope), scope.Budget)
                : scope => JinjaValue.Calculate('-', a(scope), b(scope));
        }
    }

    private JinjaExpression Joined()
    {
        var left = Product();
        while (reader.Operator("~"))
        {
            var (a, b) = (left, Product());
            left = scope => scope.Budget.Text(JinjaValue.Text(a(scope)) + JinjaValue.Text(b(scope)));
        }
        return left;
    }

    private JinjaExpression Product()
    {
        var left = Unary(filters: true);
        while (true)
        {
            var op = reader.Operator("*") ? '*' : reader.Operator("//") ? '/' : reader.Operator("%") ? '%' : ' ';
            if (op == ' ') return left;
            var (a, b) = (left, Unary(filters: true));
            left = scope => JinjaValue.Calculate(op, a(scope), b(scope));
        }
    }

    private JinjaExpression Unary(bool filters)
    {
        reader.Nest();
        JinjaExpression value;
        if (reader.Operator("-"))
        {
            var inner = Unary(filters: false);
            value = scope => JinjaValue.Calculate('-', 0L, inner(scope));
        }
        else
        {
            value = new JinjaPrimaries(reader, this).Read();
        }
        return filters ? Filtered(value) : value;
    }

    private JinjaExpression Filtered(JinjaExpression value)
    {
        while (true)
        {
            if (reader.Operator("|")) value = Filter(value);
            else if (reader.Word("is")) value = Test(value);
            else return value;
        }
    }

    private JinjaExpression Filter(JinjaExpression value)
    {
        var name = Known(reader.Name("a filter"), JinjaCalls.Filters, "filter");
        var args = reader.Operator("(") ? Positional(name) : _ => [];
        return scope => JinjaCalls.Filter(name, value(scope), args(scope), scope.Budget);
    }

    private JinjaExpression Test(JinjaExpression value)
    {
        var negated = reader.Word("not");
        var name = Known(reader.Name("a test"), JinjaCalls.Tests, "test");
        Func<JinjaScope, IReadOnlyList<object?>> args = _ => [];
        if (reader.Operator("(")) args = Positional(name);
        else if (reader.Here.Kind is JinjaKind.Text or JinjaKind.Integer || reader.Is(JinjaKind.Operator, "[")
            || (reader.Here.Kind == JinjaKind.Name && reader.Here.Value is not ("else" or "or" or "and" or "if" or "is")))
        {
            var one = new JinjaPrimaries(reader, this).Read();
            args = scope => [one(scope)];
        }
        return scope => JinjaCalls.Test(name, value(scope), args(scope)) != negated;
    }

    private Func<JinjaScope, IReadOnlyList<object?>> Positional(string name)
    {
        var args = Arguments();
        return scope => args(scope) is var (list, named) && named.Count == 0 ? list
            : throw new FormatException($"'{Excerpt.Of(name)}' with named arguments, which is not supported");
    }

    private string Known(string name, FrozenSet<string> known, string what)
        => known.Contains(name) ? name : throw reader.Error($"the {what} '{Excerpt.Of(name)}', which is not supported");
}
