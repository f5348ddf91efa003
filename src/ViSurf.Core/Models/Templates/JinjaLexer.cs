using System.Globalization;
using System.Text;

namespace ViSurf.Core.Models.Templates;

/// <summary>
/// A template's text to tokens, white space treated as transformers has Jinja treat it (<c>trim_blocks</c>, <c>lstrip_blocks</c>): the line
/// break after a block tag goes, blanks before it on its line too, and the text's last line break.
/// </summary>
/// <remarks>Jinja 3.1, <c>lexer.py</c>.</remarks>
internal sealed class JinjaLexer
{
    // Closures of one tag stand on each other when it is evaluated; published tags have fewer than 100.
    private const int MostInATag = 1000;

    // Longest first.
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", ".", ",", ":", "|"];

    private readonly string _source;
    private readonly List<JinjaToken> _tokens = [];
    private int _at, _line = 1;

    private JinjaLexer(string source) => _source = source;

    /// <exception cref="FormatException">
    /// A tag or a text is not closed, or something in a tag is not known; the message names the line.
    /// </exception>
    public static IReadOnlyList<JinjaToken> Read(string template)
    {
        var source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var lexer = new JinjaLexer(source.EndsWith('\n') ? source[..^1] : source);
        lexer.ReadAll();
        return lexer._tokens;
    }

    /// <summary>What Python calls white space.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    private void ReadAll()
    {
        // Whether what was read last ended a line, or was nothing.
        var lineStart = true;
        while (true)
        {
            var begin = NextTag();
            var text = _source[_at..begin];
            if (begin < _source.Length)
            {
                var (mark, sign) = (_source[begin + 1], begin + 2 < _source.Length ? _source[begin + 2] : ' ');
                if (sign == '-') text = TrimEnd(text);
                else if (sign != '+' && mark != '{') text = WithoutIndent(text, lineStart);
            }
            if (text.Length > 0) Add(JinjaKind.Data, text);
            _line += _source.AsSpan(_at, begin - _at).Count('\n');
            _at = begin;
            if (begin == _source.Length) break;
            var tag = _source[_at + 1];
            _at += 2;
            if (Here() is '-' or '+') _at++;
            var end = tag == '#' ? Comment()
                : tag == '%' ? Tag(JinjaKind.BlockBegin, JinjaKind.BlockEnd, "%}") : Tag(JinjaKind.OutputBegin, JinjaKind.OutputEnd, "}}");
            lineStart = AfterTag(end, block: tag != '{');
        }
        Add(JinjaKind.End, "");
    }

    /// <summary>Where the next tag begins; the end of the text for none.</summary>
    private int NextTag()
    {
        for (var i = _at; i + 1 < _source.Length; i++)
            if (_source[i] == '{' && (_source[i + 1] is '%' or '{' or '#')) return i;
        return _source.Length;
    }

    private char Comment()
    {
        var end = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (end < 0) throw Error("a comment that is not closed");
        var sign = end > 0 ? _source[end - 1] : ' ';
        Move(end + 2);
        return sign;
    }

    /// <returns>The sign before its end.</returns>
    private char Tag(JinjaKind begin, JinjaKind end, string close)
    {
        Add(begin, "");
        for (var count = 0; ; count++)
        {
            while (_at < _source.Length && IsSpace(Here())) Move(_at + 1);
            if (_at >= _source.Length) throw Error("a tag that is not closed");
            if (count > MostInATag) throw Error($"more than {MostInATag} words in a tag");
            var signed = Here() is '-' or '+' && string.CompareOrdinal(_source, _at + 1, close, 0, 2) == 0;
            if (signed || string.CompareOrdinal(_source, _at, close, 0, 2) == 0)
            {
                var sign = signed ? Here() : ' ';
                _at += signed ? 3 : 2;
                Add(end, "");
                return sign;
            }
            Word();
        }
    }

    private void Word()
    {
        var (start, c) = (_at, Here());
        if (char.IsAsciiLetter(c) || c == '_')
        {
            while (char.IsAsciiLetterOrDigit(Here()) || Here() == '_') _at++;
            Add(JinjaKind.Name, _source[start.._at]);
        }
        else if (char.IsAsciiDigit(c))
        {
            while (char.IsAsciiDigit(Here())) _at++;
            if (Here() == '.' && _at + 1 < _source.Length && char.IsAsciiDigit(_source[_at + 1]) || _at - start > 9)
                throw Error("a number with a point or of many digits");
            Add(JinjaKind.Integer, _source[start.._at]);
        }
        else if (c is '\'' or '"')
        {
            Quoted(c);
        }
        else
        {
            var found = Array.Find(Operators, o => string.CompareOrdinal(_source, _at, o, 0, o.Length) == 0)
                ?? throw Error($"'{c}', which is not known here");
            _at += found.Length;
            Add(JinjaKind.Operator, found);
        }
    }

    private void Quoted(char quote)
    {
        var (text, line) = (new StringBuilder(), _line);
        for (_at++; Here() != quote; _at++)
        {
            if (_at >= _source.Length) throw Error("a text that is not closed");
            if (Here() == '\n') _line++;
            if (Here() != '\\') text.Append(Here());
            else Escape(text);
        }
        _at++;
        _tokens.Add(new JinjaToken(JinjaKind.Text, text.ToString(), line));
    }

    /// <summary>As in a Python text. On return the last character of it is the present one.</summary>
    private void Escape(StringBuilder text)
    {
        _at++;
        var digits = Here() switch { 'x' => 2, 'u' => 4, _ => 0 };
        if (digits > 0)
        {
            if (_at + digits >= _source.Length
                || !int.TryParse(_source.AsSpan(_at + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                    out var code))
                throw Error("an escape without its digits");
            text.Append((char)code);
            _at += digits;
            return;
        }
        text.Append(Here() switch
        {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            var c and ('\\' or '\'' or '"') => c,
            var c => throw Error($"the escape '\\{c}', which is not known here"),
        });
    }

    /// <returns>Whether what was skipped ended a line.</returns>
    private bool AfterTag(char sign, bool block)
    {
        var start = _at;
        if (sign == '-')
            while (_at < _source.Length && IsSpace(Here())) Move(_at + 1);
        else if (block && sign != '+' && Here() == '\n') Move(_at + 1);
        return _at > start && _source[_at - 1] == '\n';
    }

    private static string WithoutIndent(string text, bool lineStart)
    {
        var line = text.LastIndexOf('\n') + 1;
        return (line > 0 || lineStart) && text.Skip(line).All(IsSpace) ? text[..line] : text;
    }

    private static string TrimEnd(string text)
    {
        var end = text.Length;
        while (end > 0 && IsSpace(text[end - 1])) end--;
        return text[..end];
    }

    private char Here() => _at < _source.Length ? _source[_at] : '\0';

    private void Move(int to)
    {
        _line += _source.AsSpan(_at, to - _at).Count('\n');
        _at = to;
    }

    private void Add(JinjaKind kind, string value) => _tokens.Add(new JinjaToken(kind, value, _line));

    private FormatException Error(string what) => new($"line {_line}: {what}");
}
