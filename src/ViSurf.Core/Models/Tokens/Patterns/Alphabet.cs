using System.Globalization;
using System.Text;

namespace ViSurf.Core.Models.Tokens.Patterns;

/// <summary>
/// One letter for all characters that a pattern cannot tell apart. Written in these letters, a text has one UTF-16 unit per character
/// whatever its code point, and a pattern over sets of code points is a pattern over sets of letters, which .NET matches as it is.
/// </summary>
internal sealed class Alphabet
{
    private const int Categories = 30, End = 0x110000, MostLetters = 10_000;

    // So many code points are looked at one by one; in a longer interval every category is thought to occur.
    private const int ShortInterval = 256;

    private readonly int[] _starts;
    private readonly char[] _letters;
    private readonly char[] _ascii = new char[128];
    private readonly Dictionary<CodePointSet, string> _classes = new(ReferenceEqualityComparer.Instance);

    /// <param name="sets">The sets of the pattern.</param>
    /// <exception cref="FormatException">They make too many kinds of characters.</exception>
    public Alphabet(IReadOnlyCollection<CodePointSet> sets)
    {
        _starts = sets.SelectMany(s => s.Borders()).Append(0).Where(b => b < End).Distinct().Order().ToArray();
        _letters = new char[_starts.Length * Categories];
        var members = new Dictionary<CodePointSet, SortedSet<char>>(ReferenceEqualityComparer.Instance);
        foreach (var set in sets) members.Add(set, []);
        var kinds = new Dictionary<string, char>(StringComparer.Ordinal);
        for (var i = 0; i < _starts.Length; i++)
            foreach (var category in Occurring(_starts[i], i + 1 < _starts.Length ? _starts[i + 1] : End))
            {
                var kind = string.Concat(sets.Select(s => s.Contains(_starts[i], category) ? '1' : '0'));
                if (!kinds.TryGetValue(kind, out var letter)) kinds.Add(kind, letter = (char)(kinds.Count + 1));
                if (kinds.Count > MostLetters)
                    throw new FormatException($"its pattern for words tells more than {MostLetters} kinds of characters apart");
                _letters[i * Categories + (int)category] = letter;
                foreach (var (set, letters) in members)
                    if (set.Contains(_starts[i], category)) letters.Add(letter);
            }
        foreach (var (set, letters) in members) _classes[set] = Class(letters);
        for (var c = 0; c < _ascii.Length; c++) _ascii[c] = Find(c);
    }

    public char Letter(int codePoint) => codePoint < _ascii.Length ? _ascii[codePoint] : Find(codePoint);

    /// <summary>The set as a class of .NET's regular expressions over the letters.</summary>
    public string Class(CodePointSet set) => _classes[set];

    private char Find(int codePoint)
    {
        var interval = Array.BinarySearch(_starts, codePoint);
        if (interval < 0) interval = ~interval - 1;
        return _letters[interval * Categories + (int)CharUnicodeInfo.GetUnicodeCategory(codePoint)];
    }

    private static IEnumerable<UnicodeCategory> Occurring(int start, int end)
        => end - start <= ShortInterval
            ? Enumerable.Range(start, end - start).Select(CharUnicodeInfo.GetUnicodeCategory).Distinct()
            : Enumerable.Range(0, Categories).Select(c => (UnicodeCategory)c);

    private static string Class(SortedSet<char> letters)
    {
        if (letters.Count == 0) return "(?!)";
        var text = new StringBuilder("[");
        var sorted = letters.ToArray();
        for (var i = 0; i < sorted.Length; i++)
        {
            var first = sorted[i];
            while (i + 1 < sorted.Length && sorted[i + 1] == sorted[i] + 1) i++;
            text.Append(CultureInfo.InvariantCulture, $"\\u{(int)first:X4}");
            if (sorted[i] > first) text.Append(CultureInfo.InvariantCulture, $"-\\u{(int)sorted[i]:X4}");
        }
        return text.Append(']').ToString();
    }
}
