namespace ViSurf.Core.Tests.Models.Tokens.Oracle;

/// <summary>Patterns: published ones, and random ones of the constructs that are read.</summary>
internal sealed class RandomPattern(Random random)
{
    private static readonly string[] Published =
    [
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| "
            + "?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        @"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        @"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", @"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", "", "()", "(?=.)", "a*", @"\b", "$", "^", "x*|.",
    ];

    private static readonly string[] Literals = ["a", "s", "t", "k", "1", "é", "中", "𠮷", "ſ", " ", "'", "#", @"\r", @"\n", @"\.", @"\-",
        @"\u0301"];
    private static readonly string[] Folded = ["a", "s", "S", "t", "d", "k", "e", "'", "1"];
    private static readonly string[] Classes = [@"\s", @"\S", @"\d", @"\D", @"\w", @"\W", @"\h", @"\p{L}", @"\P{L}", @"\p{^P}", @"\p{N}",
        @"\p{Nd}", @"\p{Lu}", @"\p{M}", @"\p{S}", @"\p{Zs}", @"\p{Cf}", @"\p{Cn}"];
    private static readonly string[] Ranges = ["a-z", "0-9", "一-龥", @"\x{10000}-\x{1FFFF}"];
    private static readonly string[] Places = ["^", "$", @"\b", @"\B", @"\A", @"\z", @"\Z"];
    private static readonly string[] Repetitions = ["*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{1,3}", "{2}", "{1,}?"];
    private static readonly string[] Groups = ["(?:", "(", "(?>", "(?i:", "(?-i:", "(?=", "(?!", "(?<=", "(?<!"];

    public string Next() => random.Next(4) == 0 ? Pick(Published) : Alternatives(depth: 2, folded: false, behind: false);

    private string Alternatives(int depth, bool folded, bool behind)
        => string.Join('|', Enumerable.Range(0, random.Next(1, 4)).Select(_ => string.Concat(Enumerable.Range(0,
            random.Next(behind ? 1 : 0, 4)).Select(_ => Repeated(depth, folded, behind)))));

    private string Repeated(int depth, bool folded, bool behind)
    {
        if (!behind && random.Next(12) == 0) return Pick(Places);
        if (depth > 0 && !behind && random.Next(3) == 0)
        {
            var open = Pick(Groups);
            var group = $"{open}{Alternatives(open.Contains('<', StringComparison.Ordinal) ? 0 : depth - 1, open == "(?i:" || (folded && open != "(?-i:"), open.Contains('<', StringComparison.Ordinal))})";
            return open.Contains('=', StringComparison.Ordinal) || open.Contains('!', StringComparison.Ordinal) ? group
                : group + Repetition();
        }
        var single = random.Next(4) switch { 0 => Pick(Classes), 1 => Set(folded), 2 => ".", _ => Pick(folded ? Folded : Literals) };
        return behind ? single : single + Repetition();
    }

    private string Set(bool folded)
        => $"[{(random.Next(2) == 0 ? "^" : "")}{string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => folded ? random.Next(4) == 0 ? "a-t" : Pick(Folded) : Pick(random.Next(3) switch { 0 => Ranges, 1 => Classes, _ => Literals })))}{(random.Next(8) == 0 ? "-" : "")}]";

    private string Repetition() => random.Next(2) == 0 ? Pick(Repetitions) : "";

    private string Pick(string[] of) => of[random.Next(of.Length)];
}
