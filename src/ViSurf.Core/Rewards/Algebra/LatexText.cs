using System.Text;

namespace ViSurf.Core.Rewards.Algebra;

/// <summary>
/// LaTeX formulas as plain text: fractions with a slash, roots as <c>sqrt(…)</c>, Greek letters and signs as themselves, fonts and spacing
/// dropped. What MathRuler has pylatexenc do, for the commands that occur in answers.
/// </summary>
internal ref struct LatexText
{
    /// <summary>Deeper groups are not read. Answers nest a few.</summary>
    private const int MaximumDepth = 40;

    private readonly ReadOnlySpan<char> _text;
    private int _at, _depth;
    private bool _failed;

    private LatexText(ReadOnlySpan<char> text) => _text = text;

    /// <summary>The plain text; null when the groups do not match or nest too deeply.</summary>
    public static string? Read(string latex)
    {
        latex = latex.Replace("\\tfrac", "\\frac", StringComparison.Ordinal).Replace("\\dfrac", "\\frac", StringComparison.Ordinal)
            .Replace("\\frac", " \\frac", StringComparison.Ordinal);
        var reader = new LatexText(latex);
        var text = reader.Until('\0');
        return reader._failed ? null : text.Trim();
    }

    /// <summary>Everything up to the closing sign, or to the end for NUL.</summary>
    private string Until(char close)
    {
        var result = new StringBuilder();
        if (++_depth > MaximumDepth) _failed = true;
        while (!_failed)
        {
            if (_at == _text.Length)
            {
                _failed = close != '\0';
                break;
            }
            var c = _text[_at];
            if (c == close)
            {
                _at++;
                break;
            }
            if (c == '}') _failed = true;
            else result.Append(Next());
        }
        _depth--;
        return result.ToString();
    }

    /// <summary>The next group, command or character.</summary>
    private string Next()
    {
        if (_at == _text.Length)
        {
            _failed = true;
            return "";
        }
        var c = _text[_at++];
        switch (c)
        {
            case '{': return Until('}');
            case '\\': return Command();
            case '~' or '&': return " ";
            default: return c.ToString();
        }
    }

    private string Command()
    {
        if (_at == _text.Length) return "";
        var start = _at;
        while (_at < _text.Length && char.IsAsciiLetter(_text[_at])) _at++;
        if (_at == start)
        {
            var sign = _text[_at++];
            return sign switch
            {
                ',' or ';' or ':' or ' ' or '>' => " ",
                '!' => "",
                '\\' => "; ",
                _ => sign.ToString(),
            };
        }
        var name = _text[start.._at].ToString();
        SkipBlanks();
        return name switch
        {
            "frac" or "nicefrac" => $"{Operand(Argument())}/{Operand(Argument())}",
            "sqrt" => Root(),
            "binom" => $"binom({Argument()},{Argument()})",
            "begin" or "end" => Environment(name == "begin"),
            _ => LatexSymbols.Find(name),
        };
    }

    private string Root()
    {
        var degree = "";
        if (_at < _text.Length && _text[_at] == '[')
        {
            _at++;
            degree = Until(']').Trim();
        }
        return degree is "" or "2" ? $"sqrt({Argument()})" : $"({Argument()})^(1/{degree})";
    }

    /// <summary>A matrix is put in brackets, its rows parted by semicolons; the names of environments are dropped.</summary>
    private string Environment(bool begins)
    {
        var name = Argument();
        return !name.Contains("matrix", StringComparison.Ordinal) && name != "array" ? "" : begins ? "[" : "]";
    }

    private string Argument()
    {
        SkipBlanks();
        return _failed ? "" : Next().Trim();
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at])) _at++;
    }

    /// <summary>In parentheses where a slash would tear it apart.</summary>
    private static string Operand(string text)
    {
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '(' or '[') depth++;
            else if (text[i] is ')' or ']') depth--;
            else if (depth == 0 && (text[i] is '+' or '/' or '*' or '·' or ' ' || (text[i] == '-' && i > 0))) return $"({text})";
        }
        return text;
    }
}
