using ViSurf.Core.Common;
using System.Text;

namespace ViSurf.Core.Models.Templates;

/// <summary>Writes what a part of a template stands for.</summary>
internal delegate void JinjaStatement(JinjaScope scope, StringBuilder output);

/// <summary>Reads text and blocks into what writes them.</summary>
internal sealed class JinjaStatements(JinjaReader reader)
{
    private readonly JinjaExpressions _expressions = new(reader);

    /// <summary>
    /// Up to one of the words at the beginning of a block, which is not passed (its <c>{%</c> is); or to the end, where there are none.
    /// </summary>
    public JinjaStatement Read(params string[] ends)
    {
        reader.Nest();
        var parts = new List<JinjaStatement>();
        while (reader.Here.Kind != JinjaKind.End || ends.Length > 0)
        {
            var token = reader.Next();
            if (token.Kind == JinjaKind.Data) parts.Add(Data(token.Value));
            else if (token.Kind == JinjaKind.OutputBegin) parts.Add(Output());
            else if (ends.Contains(reader.Here.Value) && reader.Here.Kind == JinjaKind.Name) break;
            else parts.Add(Block());
        }
        return (scope, output) =>
        {
            foreach (var part in parts)
            {
                scope.Budget.Step();
                part(scope, output);
            }
        };
    }

    private static JinjaStatement Data(string text) => (scope, output) => Write(scope, output, text);

    private JinjaStatement Output()
    {
        var value = _expressions.Read();
        reader.Expect(JinjaKind.OutputEnd);
        return (scope, output) => Write(scope, output, JinjaValue.Text(value(scope)));
    }

    private static void Write(JinjaScope scope, StringBuilder output, string text)
    {
        scope.Budget.Step(text.Length);
        output.Append(text);
    }

    private JinjaStatement Block()
    {
        var word = reader.Name("a statement");
        return word switch
        {
            "if" => If(),
            "for" => For(),
            "set" => Set(),
            "macro" => Macro(),
            // transformers' mark of what the model wrote: for training masks, writes nothing.
            "generation" => Passed(),
            _ => throw reader.Error($"the statement '{Excerpt.Of(word)}', which is not supported"),
        };
    }

    private JinjaStatement Passed()
    {
        reader.Expect(JinjaKind.BlockEnd);
        return Body("endgeneration");
    }

    private JinjaStatement If()
    {
        var branches = new List<(JinjaExpression Condition, JinjaStatement Body)>();
        JinjaStatement? otherwise = null;
        do
        {
            var condition = _expressions.Read();
            reader.Expect(JinjaKind.BlockEnd);
            branches.Add((condition, Read("elif", "else", "endif")));
        }
        while (reader.Word("elif"));
        if (reader.Word("else"))
        {
            reader.Expect(JinjaKind.BlockEnd);
            otherwise = Read("endif");
        }
        End("endif");
        return (scope, output) =>
        {
            foreach (var (condition, body) in branches)
                if (JinjaValue.Truth(condition(scope)))
                {
                    body(scope, output);
                    return;
                }
            otherwise?.Invoke(scope, output);
        };
    }

    private JinjaStatement For()
    {
        var names = new List<string> { reader.Name("a loop's name") };
        while (reader.Operator(",")) names.Add(reader.Name("a loop's name"));
        if (!reader.Word("in")) throw reader.Error("a loop without 'in'");
        var (list, condition) = (_expressions.Or(), reader.Word("if") ? _expressions.Read() : null);
        reader.Expect(JinjaKind.BlockEnd);
        var body = Read("else", "endfor");
        JinjaStatement? empty = null;
        if (reader.Word("else"))
        {
            reader.Expect(JinjaKind.BlockEnd);
            empty = Read("endfor");
        }
        End("endfor");
        return (scope, output) =>
        {
            var items = JinjaValue.Items(list(scope));
            if (condition is not null) items = [.. items.Where(item => JinjaValue.Truth(condition(Named(scope, names, item))))];
            for (var i = 0; i < items.Count; i++)
            {
                scope.Budget.Step();
                var inner = Named(scope, names, items[i]);
                inner.Set("loop", Loop(items, i));
                body(inner, output);
            }
            if (items.Count == 0) empty?.Invoke(scope.Inner(), output);
        };
    }

    private static JinjaScope Named(JinjaScope scope, List<string> names, object? item)
    {
        var inner = scope.Inner();
        if (names.Count == 1)
        {
            inner.Set(names[0], item);
            return inner;
        }
        if (item is not IReadOnlyList<object?> parts || parts.Count != names.Count)
            throw new FormatException($"a loop with {names.Count} names over {JinjaValue.Kind(item)}");
        for (var i = 0; i < names.Count; i++) inner.Set(names[i], parts[i]);
        return inner;
    }

    private static Dictionary<string, object?> Loop(IReadOnlyList<object?> items, int i) => new(StringComparer.Ordinal)
    {
        ["index"] = i + 1L, ["index0"] = (long)i, ["first"] = i == 0, ["last"] = i == items.Count - 1, ["length"] = (long)items.Count,
        ["revindex"] = (long)(items.Count - i), ["revindex0"] = items.Count - i - 1L,
        ["previtem"] = i > 0 ? items[i - 1] : new JinjaUndefined("loop.previtem"),
        ["nextitem"] = i + 1 < items.Count ? items[i + 1] : new JinjaUndefined("loop.nextitem"),
    };

    private JinjaStatement Set()
    {
        var name = reader.Name("a name to set");
        var attribute = reader.Operator(".") ? reader.Name("an attribute to set") : null;
        if (reader.Operator("="))
        {
            var value = _expressions.Read();
            reader.Expect(JinjaKind.BlockEnd);
            return attribute is null ? (scope, _) => scope.Set(name, value(scope))
                : (scope, _) => Space(scope, name).Values[attribute] = value(scope);
        }
        if (attribute is not null) throw reader.Error("an attribute that is set by a block");
        reader.Expect(JinjaKind.BlockEnd);
        var body = Body("endset");
        return (scope, _) => scope.Set(name, Written(body, scope.Inner()));
    }

    private static JinjaNamespace Space(JinjaScope scope, string name)
        => scope.Find(name) as JinjaNamespace
            ?? throw new FormatException($"an attribute of '{Excerpt.Of(name)}' is set, which is no namespace");

    private JinjaStatement Macro()
    {
        var name = reader.Name("a macro's name");
        reader.Expect(JinjaKind.Operator, "(");
        var parameters = new List<(string Name, JinjaExpression? Default)>();
        while (!reader.Operator(")"))
        {
            if (parameters.Count > 0) reader.Expect(JinjaKind.Operator, ",");
            var parameter = reader.Name("a parameter");
            parameters.Add((parameter, reader.Operator("=") ? _expressions.Read() : null));
        }
        reader.Expect(JinjaKind.BlockEnd);
        var body = Body("endmacro");
        return (scope, _) => scope.Set(name, new JinjaFunction((args, named) =>
        {
            if (args.Count > parameters.Count || named.Keys.Any(n => !parameters.Skip(args.Count).Any(p => p.Name == n)))
                throw new FormatException($"the macro '{Excerpt.Of(name)}' with arguments that it has not");
            var inner = scope.Inner();
            for (var i = 0; i < parameters.Count; i++)
            {
                var (parameter, otherwise) = parameters[i];
                inner.Set(parameter, i < args.Count ? args[i] : named.TryGetValue(parameter, out var given) ? given
                    : otherwise?.Invoke(inner) ?? (otherwise is null ? new JinjaUndefined(parameter) : null));
            }
            return Written(body, inner);
        }));
    }

    private static string Written(JinjaStatement body, JinjaScope scope)
    {
        var text = new StringBuilder();
        body(scope, text);
        return scope.Budget.Text(text.ToString());
    }

    private JinjaStatement Body(string end)
    {
        var body = Read(end);
        End(end);
        return body;
    }

    private void End(string word)
    {
        if (!reader.Word(word)) throw reader.Error($"a block without '{word}'");
        reader.Expect(JinjaKind.BlockEnd);
    }
}
