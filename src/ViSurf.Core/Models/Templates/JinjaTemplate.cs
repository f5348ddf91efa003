using System.Text;

namespace ViSurf.Core.Models.Templates;

/// <summary>
/// A chat template, read once and run for each conversation: the part of Jinja that templates of the Qwen families and their fine-tunes are
/// written in. What is not in that part is refused when the template is read, or when a conversation needs it; nothing is left out in
/// silence. Thread-safe.
/// </summary>
/// <remarks>Jinja 3.1 as transformers sets it up; the results are compared with its own on every shape that the tests hold.</remarks>
internal sealed class JinjaTemplate
{
    private readonly JinjaStatement _body;

    private JinjaTemplate(JinjaStatement body) => _body = body;

    /// <exception cref="FormatException">
    /// It is not Jinja, or uses something of Jinja that is not supported; the message names the line.
    /// </exception>
    public static JinjaTemplate Parse(string template)
    {
        var reader = new JinjaReader(JinjaLexer.Read(template));
        return new JinjaTemplate(new JinjaStatements(reader).Read());
    }

    /// <param name="names">What the template may ask for.</param>
    /// <exception cref="FormatException">It refuses, or does with a value what cannot be done.</exception>
    public string Render(IEnumerable<KeyValuePair<string, object?>> names)
    {
        var scope = new JinjaScope(null, new JinjaBudget());
        JinjaCalls.AddFunctions(scope);
        foreach (var (name, value) in names) scope.Set(name, value);
        var output = new StringBuilder();
        _body(scope, output);
        return output.ToString();
    }
}
