using System.Collections.Frozen;
using System.Globalization;

namespace ViSurf.Core.Models.Tokens.Patterns;

/// <summary>Code points from <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
internal readonly record struct CodePointRange(int First, int Last);

/// <summary>
/// A set of characters as a pattern names it. Membership is decided for whole code points, by the ranges and general categories that
/// the reference's engine uses (Oniguruma 6.9.10, Unicode 16; .NET's categories are the same for every code point, which a test holds).
/// </summary>
/// <param name="Ranges">Characters written out.</param>
/// <param name="Categories">General categories, a bit each.</param>
/// <param name="Others">Sets within the set, such as <c>\S</c> in <c>[\S\n]</c>.</param>
/// <param name="Negated">The set holds what is in none of them.</param>
internal sealed record CodePointSet(
    IReadOnlyList<CodePointRange> Ranges, uint Categories = 0, IReadOnlyList<CodePointSet>? Others = null, bool Negated = false)
{
    private static readonly FrozenDictionary<string, uint> CategoryNames = Names();

    /// <summary><c>.</c>: all but the line feed.</summary>
    public static CodePointSet Dot { get; } = Of('\n').Inverse();

    /// <summary><c>\s</c>.</summary>
    public static CodePointSet Space { get; } = new([new(9, 13), new(0x85, 0x85)], CategoryNames["Z"]);

    /// <summary><c>\d</c>.</summary>
    public static CodePointSet Digit { get; } = new([], CategoryNames["Nd"]);

    /// <summary><c>\h</c>, a hexadecimal digit.</summary>
    public static CodePointSet HexDigit { get; } = new([new('0', '9'), new('A', 'F'), new('a', 'f')]);

    /// <summary>
    /// <c>\w</c> within brackets: letters, marks, decimal and letter numbers, connectors, and the circled and squared letters.
    /// </summary>
    public static CodePointSet Letters { get; } = new(
        [new(0x24B6, 0x24E9), new(0x1F130, 0x1F149), new(0x1F150, 0x1F169), new(0x1F170, 0x1F189)],
        CategoryNames["L"] | CategoryNames["M"] | CategoryNames["Nd"] | CategoryNames["Nl"] | CategoryNames["Pc"]);

    /// <summary><c>\w</c>: <see cref="Letters"/>, and Latin-1's ² ³ ¹ ¼ ½ ¾.</summary>
    public static CodePointSet Word { get; } = Letters with { Ranges = [.. Letters.Ranges, new(0xB2, 0xB3), new(0xB9, 0xB9),
        new(0xBC, 0xBE)] };

    public static CodePointSet Of(int codePoint) => new([new(codePoint, codePoint)]);

    /// <summary>Code points of a category (<c>Lu</c>) or of a group of them (<c>L</c>); null for another name.</summary>
    public static CodePointSet? Property(string name) => CategoryNames.TryGetValue(name, out var categories) ? new([], categories) : null;

    public CodePointSet Inverse() => this with { Negated = !Negated };

    public bool Contains(int codePoint) => Contains(codePoint, CharUnicodeInfo.GetUnicodeCategory(codePoint));

    public bool Contains(int codePoint, UnicodeCategory category)
    {
        var inside = (Categories >> (int)category & 1) != 0;
        for (var i = 0; i < Ranges.Count && !inside; i++) inside = Ranges[i].First <= codePoint && codePoint <= Ranges[i].Last;
        for (var i = 0; i < (Others?.Count ?? 0) && !inside; i++) inside = Others![i].Contains(codePoint, category);
        return inside != Negated;
    }

    /// <summary>Code points from which on membership may be another one, within one category.</summary>
    public IEnumerable<int> Borders()
        => Ranges.SelectMany(r => new[] { r.First, r.Last + 1 }).Concat((Others ?? []).SelectMany(o => o.Borders()));

    private static FrozenDictionary<string, uint> Names()
    {
        // In the order of UnicodeCategory.
        var names = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Cn".Split(' ');
        var single = names.Select((name, i) => (Name: name, Bit: 1u << i)).ToArray();
        return single.Concat(single.GroupBy(c => c.Name[..1]).Select(g => (Name: g.Key, Bit: g.Aggregate(0u, (bits, c) => bits | c.Bit))))
            .ToFrozenDictionary(c => c.Name, c => c.Bit, StringComparer.Ordinal);
    }
}
