using System.Text;
using ViSurf.Core.Common;

namespace ViSurf.Core.Rewards.Measures;

/// <summary>
/// Levenshtein distance: the fewest insertions, deletions and substitutions that turn one text into the other. Bit-parallel (Myers 1999,
/// in Hyyrö's block form, 2003): 64 cells of the table per step.
/// </summary>
public static class EditDistance
{
    /// <summary>Distance in characters (Unicode scalar values, so one emoji is one).</summary>
    public static int Between(string a, string b) => Between(Symbols(Guard.NotNull(a)), Symbols(Guard.NotNull(b)));

    /// <summary>Distance divided by the longer length, in [0, 1]; 0 for two empty texts. Symmetric.</summary>
    public static double Normalized(string a, string b) => Normalized(Symbols(Guard.NotNull(a)), Symbols(Guard.NotNull(b)));

    /// <summary>As <see cref="Normalized(string, string)"/>, in words: what stands between blanks.</summary>
    public static double NormalizedWords(string a, string b)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        return Normalized(Words(Guard.NotNull(a)), Words(Guard.NotNull(b)));

        int[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(Number).ToArray();

        int Number(string word)
        {
            if (!numbers.TryGetValue(word, out var number)) numbers.Add(word, number = numbers.Count);
            return number;
        }
    }

    /// <summary>Distance of two sequences of symbols. O(|a| · ⌈|b| / 64⌉) with the shorter one as b.</summary>
    public static int Between(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        if (a.Length < b.Length)
        {
            var longer = b;
            b = a;
            a = longer;
        }
        if (b.Length == 0) return a.Length;

        // Column by column through the table of b (rows) and a (columns), 64 rows a word. A bit of `up` says that a cell is one more than
        // the cell above it, a bit of `down` that it is one less.
        var blocks = (b.Length + 63) / 64;
        var places = Places(b, blocks);
        var (up, down) = (new ulong[blocks], new ulong[blocks]);
        Array.Fill(up, ulong.MaxValue);
        var (none, lastRow, distance) = (new ulong[blocks], 1UL << ((b.Length - 1) & 63), b.Length);
        foreach (var symbol in a)
        {
            var equal = places.GetValueOrDefault(symbol, none);
            // The table's first row grows by one per column.
            var carry = 1;
            for (var block = 0; block < blocks; block++)
            {
                var (vp, vn, eq) = (up[block], down[block], equal[block]);
                var xv = eq | vn;
                if (carry < 0) eq |= 1;
                var xh = (((eq & vp) + vp) ^ vp) | eq;
                var (hp, hn) = (vn | ~(xh | vp), vp & xh);
                var top = block == blocks - 1 ? lastRow : 1UL << 63;
                var next = (hp & top) != 0 ? 1 : (hn & top) != 0 ? -1 : 0;
                hp = (hp << 1) | (carry > 0 ? 1UL : 0);
                hn = (hn << 1) | (carry < 0 ? 1UL : 0);
                (up[block], down[block]) = (hn | ~(xv | hp), hp & xv);
                carry = next;
            }
            distance += carry;
        }
        return distance;
    }

    private static double Normalized(int[] a, int[] b) => a.Length + b.Length == 0 ? 0 : (double)Between(a, b) / Math.Max(a.Length, b.Length);

    /// <summary>Per symbol of b, the rows where it stands, as bits.</summary>
    private static Dictionary<int, ulong[]> Places(ReadOnlySpan<int> b, int blocks)
    {
        var places = new Dictionary<int, ulong[]>();
        for (var row = 0; row < b.Length; row++)
        {
            if (!places.TryGetValue(b[row], out var bits)) places.Add(b[row], bits = new ulong[blocks]);
            bits[row / 64] |= 1UL << (row & 63);
        }
        return places;
    }

    private static int[] Symbols(string text)
    {
        var symbols = new int[text.Length];
        var count = 0;
        foreach (var rune in text.EnumerateRunes()) symbols[count++] = rune.Value;
        return symbols.AsSpan(0, count).ToArray();
    }
}
