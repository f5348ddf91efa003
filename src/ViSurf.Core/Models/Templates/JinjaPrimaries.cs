using ViSurf.Core.Common;
using System.Globalization;

namespace ViSurf.Core.Models.Templates;

/// <summary>
/// Reads what an expression is made of: literals, names, brackets, and what follows them (<c>.name</c>, <c>[index]</c>,
/// <c>(arguments)</c>).
/// </summary>
internal sealed class JinjaPrimaries(JinjaReader reader, JinjaExpressions expressions)
{
    public JinjaExpression Read()
    {
        var value = First();
        while (true)
        {
            if (reader.Operator(".")) value = Attribute(value);
            else if (reader.Operator("[")) value = Subscript(value);
            else if (reader.Operator("(")) value = Call(value);
            else return value;
        }
    }

    private JinjaExpression First()
    {
        if (reader.Operator("("))
        {
            var inner = expressions.Read();
            reader.Expect(JinjaKind.Operator, ")");
            return inner;
        }
        if (reader.Operator("["))
        {
            var items = new List<JinjaExpression>();
            while (!reader.Operator("]"))
            {
                if (items.Count > 0) reader.Expect(JinjaKind.Operator, ",");
                if (reader.Operator("]")) break;
                items.Add(expressions.Read());
            }
            return scope => items.Select(i => i(scope)).ToList();
        }
        var token = reader.Next();
        switch (token.Kind)
        {
            case JinjaKind.Text:
                var text = token.Value;
                while (reader.Here.Kind == JinjaKind.Text) text += reader.Next().Value;
                return _ => text;
            case JinjaKind.Integer:
                var number = long.Parse(token.Value, CultureInfo.InvariantCulture);
                return _ => number;
            case JinjaKind.Name:
                return token.Value switch
                {
                    "true" or "True" => _ => true,
                    "false" or "False" => _ => false,
                    "none" or "None" => _ => null,
                    "if" or "else" or "or" or "and" or "not" or "is" or "in"
                        => throw reader.Error($"'{token.Value}' where a value was expected"),
                    var name => scope => scope.Find(name),
                };
            default:
                throw reader.Error($"expected a value, got '{token.Value}'");
        }
    }

    private JinjaExpression Attribute(JinjaExpression value)
    {
        var name = reader.Name("a name after '.'");
        if (!reader.Operator("(")) return scope => JinjaValue.Item(value(scope), name);
        if (!JinjaCalls.Methods.Contains(name)) throw reader.Error($"the method '{Excerpt.Of(name)}', which is not supported");
        var arguments = expressions.Arguments();
        return scope => arguments(scope) is var (args, named) && named.Count == 0
            ? JinjaCalls.Method(name, value(scope), args, scope.Budget)
            : throw new FormatException($"'{Excerpt.Of(name)}' with named arguments, which is not supported");
    }

    private JinjaExpression Subscript(JinjaExpression value)
    {
        var parts = new JinjaExpression?[3];
        var count = 0;
        while (!reader.Operator("]"))
        {
            if (reader.Operator(":"))
            {
                if (++count > 2) throw reader.Error("a slice of more than three parts");
            }
            else
            {
                if (parts[count] is not null) throw reader.Error("an index of several values");
                parts[count] = expressions.Read();
            }
        }
        if (count == 0)
            return parts[0] is { } index ? scope => JinjaValue.Item(value(scope), index(scope))
                : throw reader.Error("an index without a value");
        return scope => JinjaValue.Slice(value(scope), Part(scope, 0), Part(scope, 1), Part(scope, 2), scope.Budget);

        long? Part(JinjaScope scope, int i)
            => parts[i]?.Invoke(scope) is not { } part ? null
                : JinjaValue.Number(part) ?? throw new FormatException($"a slice by {JinjaValue.Kind(part)}");
    }

    private JinjaExpression Call(JinjaExpression value)
    {
        var arguments = expressions.Arguments();
        return scope =>
        {
            if (value(scope) is not JinjaFunction function)
                throw new FormatException(value(scope) is JinjaUndefined u ? $"the function '{u.Name}', which is not supported"
                    : "a call of what is no function");
            var (args, named) = arguments(scope);
            scope.Budget.Step();
            return scope.Budget.Deeper(() => function.Call(args, named));
        };
    }
}
