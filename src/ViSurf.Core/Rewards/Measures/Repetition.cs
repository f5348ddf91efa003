using ViSurf.Core.Common;

namespace ViSurf.Core.Rewards.Measures;

/// <summary>How much a sequence repeats itself.</summary>
public static class Repetition
{
    /// <summary>1 − distinct n-grams / all n-grams, in [0, 1); 0 when there are fewer than n items.</summary>
    /// <param name="items">The sequence.</param>
    /// <param name="n">Length of an n-gram, at least 1.</param>
    /// <remarks>Exact, in n passes: every n-gram gets a number from the number of its first n − 1 items and its last item.</remarks>
    public static double Share<T>(IReadOnlyList<T> items, int n)
        where T : notnull
    {
        var count = Guard.NotNull(items).Count - Guard.Positive(n) + 1;
        if (count <= 0) return 0;
        var (last, known) = Numbered(items);
        var grams = last;
        for (var length = 2; length <= n; length++)
        {
            var numbers = new Dictionary<(int, int), int>();
            var longer = new int[items.Count - length + 1];
            for (var i = 0; i < longer.Length; i++)
            {
                var key = (grams[i], last[i + length - 1]);
                if (!numbers.TryGetValue(key, out var number)) numbers.Add(key, number = numbers.Count);
                longer[i] = number;
            }
            (grams, known) = (longer, numbers.Count);
        }
        return 1 - (double)known / count;
    }

    private static (int[] Numbers, int Known) Numbered<T>(IReadOnlyList<T> items)
        where T : notnull
    {
        var numbers = new Dictionary<T, int>();
        var numbered = new int[items.Count];
        for (var i = 0; i < numbered.Length; i++)
        {
            if (!numbers.TryGetValue(items[i], out var number)) numbers.Add(items[i], number = numbers.Count);
            numbered[i] = number;
        }
        return (numbered, numbers.Count);
    }
}
