using System.Runtime.CompilerServices;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Templates;

/// <summary>The tokens of a template, one after another.</summary>
internal sealed class JinjaReader(IReadOnlyList<JinjaToken> tokens)
{
    private int _at;

    public JinjaToken Here => tokens[_at];

    public JinjaToken Next() => tokens[_at].Kind == JinjaKind.End ? throw Error("the template ends inside of a block") : tokens[_at++];

    public bool Is(JinjaKind kind, string value) => Here.Kind == kind && Here.Value == value;

    /// <summary>Whether a word or an operator stands after this token.</summary>
    public bool FollowedBy(string value)
        => tokens[_at].Kind != JinjaKind.End && tokens[_at + 1] is { Kind: JinjaKind.Operator or JinjaKind.Name } next
            && next.Value == value;

    /// <summary>The operator, if it is there; then it is passed.</summary>
    public bool Operator(string value) => Passed(JinjaKind.Operator, value);

    /// <summary>The word, if it is there; then it is passed.</summary>
    public bool Word(string value) => Passed(JinjaKind.Name, value);

    public string Name(string what) => Here.Kind == JinjaKind.Name ? Next().Value : throw Error($"expected {what}, got {Say(Here)}");

    public void Expect(JinjaKind kind, string value = "")
    {
        if (Here.Kind != kind || Here.Value != value) throw Error($"expected {Say(new JinjaToken(kind, value, 0))}, got {Say(Here)}");
        Next();
    }

    public FormatException Error(string what) => new($"line {Here.Line}: {what}");

    /// <summary>What nests reads itself: more of it than the stack holds would end the process.</summary>
    public void Nest()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw Error("blocks or brackets nested too deep");
    }

    private bool Passed(JinjaKind kind, string value)
    {
        if (!Is(kind, value)) return false;
        _at++;
        return true;
    }

    private static string Say(JinjaToken token) => token.Kind switch
    {
        JinjaKind.End => "the end",
        JinjaKind.BlockEnd => "'%}'",
        JinjaKind.OutputEnd => "'}}'",
        JinjaKind.Data => "text",
        JinjaKind.BlockBegin => "'{%'",
        JinjaKind.OutputBegin => "'{{'",
        _ => $"'{Excerpt.Of(token.Value)}'",
    };
}
