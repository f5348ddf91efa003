using System.Globalization;
using System.Text;

namespace ViSurf.Core.Rewards.Parsing;

/// <summary>
/// Walks over JSON text with the grammar of Python's <c>json.loads</c>, which is what the reference rewards accept: NaN, Infinity and
/// −Infinity are numbers, an over-large float is infinite, half a surrogate pair is a character, control characters in strings are
/// errors. Every method returns false on malformed text, never throws, never recurses, and moves forward only.
/// </summary>
internal ref struct JsonCursor(ReadOnlySpan<char> text)
{
    /// <summary>Deeper nesting counts as malformed, as it does for Python with its default recursion limit.</summary>
    private const int MaximumDepth = 1000;

    /// <summary>Longer integers count as malformed, as they do for Python (sys.int_info.default_max_str_digits).</summary>
    private const int MaximumIntegerDigits = 4300;

    private readonly ReadOnlySpan<char> _text = text;
    private int _at;
    private bool[]? _isObject;

    /// <summary>The next character, or NUL at the end.</summary>
    public readonly char Peek => _at < _text.Length ? _text[_at] : '\0';

    public readonly bool AtEnd => _at >= _text.Length;

    public void SkipBlanks()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\n' or '\r') _at++;
    }

    /// <summary>Steps over <paramref name="c"/> and the blanks before it; stays before the blanks' end when something else comes.</summary>
    public bool Take(char c)
    {
        SkipBlanks();
        if (Peek != c || AtEnd) return false;
        _at++;
        return true;
    }

    /// <summary>Reads a key and its colon.</summary>
    public bool TryKey(out ReadOnlySpan<char> key)
    {
        SkipBlanks();
        return TryString(out key) && Take(':');
    }

    /// <summary>Reads a string; the value is a part of the text unless it holds escapes.</summary>
    public bool TryString(out ReadOnlySpan<char> value)
    {
        value = default;
        if (Peek != '"') return false;
        var start = ++_at;
        StringBuilder? unescaped = null;
        while (_at < _text.Length)
        {
            var c = _text[_at++];
            if (c == '"')
            {
                value = unescaped is null ? _text[start..(_at - 1)] : unescaped.ToString();
                return true;
            }
            if (c < ' ') return false;
            if (c == '\\')
            {
                unescaped ??= new StringBuilder().Append(_text[start..(_at - 1)]);
                if (!TryEscape(out c)) return false;
            }
            unescaped?.Append(c);
        }
        return false;
    }

    /// <summary>Reads a number; <paramref name="value"/> is NaN for <c>NaN</c>, and infinite where a double cannot hold it.</summary>
    /// <param name="value">The number.</param>
    /// <param name="isInteger">Whether it was written without fraction and exponent.</param>
    public bool TryNumber(out double value, out bool isInteger)
    {
        (value, isInteger) = (0, false);
        if (TakeWord("NaN")) value = double.NaN;
        else if (TakeWord("Infinity")) value = double.PositiveInfinity;
        else if (TakeWord("-Infinity")) value = double.NegativeInfinity;
        else return TryDigits(out value, out isInteger);
        return true;
    }

    public bool TakeWord(string word)
    {
        if (!_text[_at..].StartsWith(word, StringComparison.Ordinal)) return false;
        _at += word.Length;
        return true;
    }

    /// <summary>Steps over one value of any kind.</summary>
    public bool SkipValue()
    {
        var depth = 0;
        while (true)
        {
            SkipBlanks();
            if (Peek is '[' or '{')
            {
                var isObject = _text[_at++] == '{';
                if (!Take(isObject ? '}' : ']'))
                {
                    if (depth == MaximumDepth) return false;
                    (_isObject ??= new bool[MaximumDepth])[depth++] = isObject;
                    if (isObject && !TryKey(out _)) return false;
                    continue;
                }
            }
            else if (!SkipScalar())
            {
                return false;
            }

            // A value has ended: the next one follows after a comma, or its containers end as well.
            for (; depth > 0; depth--)
            {
                if (Take(','))
                {
                    if (_isObject![depth - 1] && !TryKey(out _)) return false;
                    break;
                }
                if (!Take(_isObject![depth - 1] ? '}' : ']')) return false;
            }
            if (depth == 0) return true;
        }
    }

    private bool SkipScalar()
        => Peek == '"' ? TryString(out _) : TakeWord("null") || TakeWord("true") || TakeWord("false") || TryNumber(out _, out _);

    private bool TryEscape(out char c)
    {
        c = Peek;
        if (AtEnd) return false;
        _at++;
        if (c != 'u')
        {
            var place = "\"\\/bfnrt".IndexOf(c);
            if (place < 0) return false;
            c = "\"\\/\b\f\n\r\t"[place];
            return true;
        }
        if (_text.Length - _at < 4) return false;
        var code = 0;
        for (var end = _at + 4; _at < end; _at++)
        {
            if (!char.IsAsciiHexDigit(_text[_at])) return false;
            code = code * 16 + Convert.ToInt32(_text[_at].ToString(), 16);
        }
        c = (char)code;
        return true;
    }

    private bool TryDigits(out double value, out bool isInteger)
    {
        (value, isInteger) = (0, true);
        var start = _at;
        if (Peek == '-') _at++;
        var digits = Peek == '0' ? 1 : CountDigits(_at);
        if (digits == 0) return false;
        _at += digits;
        if (Peek == '.' && CountDigits(_at + 1) is > 0 and var fraction)
        {
            isInteger = false;
            _at += 1 + fraction;
        }
        if (Peek is 'e' or 'E')
        {
            var sign = _at + 1 < _text.Length && _text[_at + 1] is '+' or '-' ? 1 : 0;
            if (CountDigits(_at + 1 + sign) is > 0 and var exponent)
            {
                isInteger = false;
                _at += 1 + sign + exponent;
            }
        }
        if (isInteger && digits > MaximumIntegerDigits) return false;
        return double.TryParse(_text[start.._at], NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    private readonly int CountDigits(int from)
    {
        var at = from;
        while (at < _text.Length && char.IsAsciiDigit(_text[at])) at++;
        return Math.Max(0, at - from);
    }
}
