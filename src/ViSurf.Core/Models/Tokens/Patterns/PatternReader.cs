using System.Globalization;

namespace ViSurf.Core.Models.Tokens.Patterns;

/// <summary>
/// Reads a pattern as the reference does (Oniguruma, its own syntax), as far as that is the same in .NET once characters are sets of
/// code points: alternatives, groups, greedy, lazy and possessive repetition, sets, general categories, look-around, anchors,
/// <c>(?i:…)</c> over ASCII. Everything else is refused by name rather than read as something near it.
/// </summary>
internal sealed class PatternReader
{
    private const int MostRepetitions = 1000;
    private static readonly CodePointSet LineFeed = CodePointSet.Of('\n');
    private readonly PatternText _text;
    private readonly List<PatternPart> _parts = [];
    private bool _ignoreCase, _lookBehind;

    // The letter just before, where case does not count.
    private int _folded;

    private PatternReader(string pattern) => _text = new PatternText(pattern);

    /// <exception cref="FormatException">A construct is not read exactly; the message names it.</exception>
    public static IReadOnlyList<PatternPart> Read(string pattern)
    {
        var reader = new PatternReader(pattern);
        reader._ignoreCase = reader._text.Take("(?i)");
        reader.Alternatives();
        return reader._text.AtEnd ? reader._parts : throw reader._text.Refuse("a ')' without its '('");
    }

    /// <returns>Whether they can match nothing.</returns>
    private bool Alternatives()
    {
        var empty = Sequence();
        while (_text.Take("|"))
        {
            Add("|");
            empty |= Sequence();
        }
        return empty;
    }

    private bool Sequence()
    {
        var empty = true;
        while (!_text.AtEnd && _text.Next is not ('|' or ')')) empty &= Repeated();
        return empty;
    }

    private bool Repeated()
    {
        var start = _parts.Count;
        var single = Single();
        if (Repetition() is not { } repetition) return single != Width.Some;
        if (single == Width.Place) throw _text.Refuse("a repeated place");
        if (single == Width.Any && repetition.Most > 1) throw _text.Refuse("a repeated group that can match nothing");
        if (_lookBehind) throw _text.Refuse("a repetition in a look-behind");
        var kept = _folded;
        if (repetition.Possessive) _parts.Insert(start, new("(?>", null));
        Add(repetition.Syntax + (repetition.Possessive ? ")" : ""));
        _folded = kept;
        return single != Width.Some || repetition.Least == 0;
    }

    private Width Single()
    {
        if (_text.Next == '(') return Group();
        if (_text.Next is '*' or '+' or '?' or '{') throw _text.Refuse($"'{_text.Next}' with nothing to repeat");
        if (_text.Take("^")) return Place("(?:\\A|(?<=", LineFeed, ")(?!\\z))");
        if (_text.Take("$")) return Place("(?:(?=", LineFeed, ")|\\z)");
        if (_text.Take(".")) return Add(CodePointSet.Dot);
        if (_text.Take("[")) return Add(PatternEscapes.ReadSet(_text, _ignoreCase));
        if (!_text.Take("\\")) return Character(_text.TakeCodePoint());
        if (_text.Take("A")) return Place("\\A");
        if (_text.Take("z")) return Place("\\z");
        if (_text.Take("Z")) return Place("(?:(?=", LineFeed, "\\z)|\\z)");
        var word = CodePointSet.Word;
        if (_text.Take("b")) return Place("(?:(?<=", word, ")(?!", word, ")|(?<!", word, ")(?=", word, "))");
        if (_text.Take("B")) return Place("(?:(?<=", word, ")(?=", word, ")|(?<!", word, ")(?!", word, "))");
        var item = PatternEscapes.Read(_text);
        return item.Set is null ? Character(item.CodePoint) : Add(item.Set);
    }

    private Width Group()
    {
        foreach (var look in (string[])["(?=", "(?!", "(?<=", "(?<!"])
            if (_text.Take(look))
                return Inside(look, _ignoreCase, _lookBehind || look.Length == 4, Width.Place);
        if (_text.Take("(?:")) return Inside("(?:", _ignoreCase, _lookBehind);
        if (_text.Take("(?>")) return Inside("(?>", _ignoreCase, _lookBehind);
        if (_text.Take("(?i:")) return Inside("(?:", true, _lookBehind);
        if (_text.Take("(?-i:")) return Inside("(?:", false, _lookBehind);
        if (_text.Sees("(?") || _text.Sees("(*")) throw _text.Refuse("a special group");
        if (_lookBehind) throw _text.Refuse("a capture in a look-behind");
        _text.Take("(");
        return Inside("(?:", _ignoreCase, _lookBehind);
    }

    private Width Inside(string open, bool ignoreCase, bool lookBehind, Width? width = null)
    {
        if (_lookBehind && width is not null) throw _text.Refuse("look-around in a look-behind");
        var (outerCase, outerBehind) = (_ignoreCase, _lookBehind);
        (_ignoreCase, _lookBehind) = (ignoreCase, lookBehind);
        var kept = _folded;
        Add(open);
        _folded = kept;
        var empty = Alternatives();
        if (!_text.Take(")")) throw _text.Refuse("no ')'");
        kept = _folded;
        Add(")");
        (_ignoreCase, _lookBehind, _folded) = (outerCase, outerBehind, kept);
        return width ?? (empty ? Width.Any : Width.Some);
    }

    private (int Least, int Most, string Syntax, bool Possessive)? Repetition()
    {
        var start = _text.Next;
        if (start is not ('*' or '+' or '?' or '{')) return null;
        _text.Take(start.ToString());
        var (least, most) = start switch { '*' => (0, int.MaxValue), '+' => (1, int.MaxValue), '?' => (0, 1), _ => Interval() };
        var syntax = start != '{'
            ? start.ToString()
            : string.Create(CultureInfo.InvariantCulture, $"{{{least},{(most == int.MaxValue ? "" : most)}}}");
        var possessive = start != '{' && _text.Take("+");
        // "{2}?" is no lazy form in the reference's syntax.
        if (!possessive && !(start == '{' && least == most) && _text.Take("?")) syntax += '?';
        return _text.Next is '*' or '+' or '?' or '{' ? throw _text.Refuse("a repeated repetition") : (least, most, syntax, possessive);
    }

    private (int Least, int Most) Interval()
    {
        var least = _text.TakeNumber(NumberStyles.None, 4);
        var most = !_text.Take(",") ? least : _text.Next == '}' ? int.MaxValue : _text.TakeNumber(NumberStyles.None, 4);
        if (!_text.Take("}") || most < least || least > MostRepetitions || most is > MostRepetitions and < int.MaxValue)
            throw _text.Refuse($"a number of repetitions that is not {{n}}, {{n,}} or {{n,m}} up to {MostRepetitions}");
        return (least, most);
    }

    private Width Character(int codePoint)
    {
        if (!_ignoreCase) return Add(CodePointSet.Of(codePoint));
        var lower = codePoint | 0x20;
        // ß, ﬁ, ﬆ and their like are equal to two letters each.
        if ((_folded == 's' && lower is 's' or 't') || (_folded == 'f' && lower is 'f' or 'i' or 'l'))
            throw _text.Refuse($"'{(char)_folded}{(char)lower}' where case does not count, which one character beyond ASCII equals,");
        Add(PatternEscapes.IgnoringCase(codePoint, _text));
        _folded = lower;
        return Width.Some;
    }

    private Width Place(params ReadOnlySpan<object> parts)
    {
        if (_lookBehind) throw _text.Refuse("an anchor in a look-behind");
        foreach (var part in parts)
            if (part is CodePointSet set) Add(set);
            else Add((string)part);
        return Width.Place;
    }

    private Width Add(CodePointSet set)
    {
        _parts.Add(new(null, set));
        _folded = 0;
        return Width.Some;
    }

    private void Add(string syntax)
    {
        _parts.Add(new(syntax, null));
        _folded = 0;
    }

    /// <summary>What a part of a pattern takes of the text.</summary>
    private enum Width
    {
        /// <summary>A character at least.</summary>
        Some,

        /// <summary>Perhaps nothing.</summary>
        Any,

        /// <summary>Nothing ever: an anchor, look-around.</summary>
        Place,
    }
}
