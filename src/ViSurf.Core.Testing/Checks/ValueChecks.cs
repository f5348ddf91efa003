using ViSurf.Core.Rewards;

namespace ViSurf.Core.Testing.Checks;

/// <summary>Checks that look at values alone.</summary>
internal static class ValueChecks
{
    private const int Threads = 4, Rounds = 8;

    public static Finding Deterministic(IRewardFunction reward, Case[] cases)
    {
        var first = cases.Select(c => c.Outcome(reward)).ToArray();
        // Backwards, so that every completion has another one before it.
        var again = cases.Reverse().Select(c => c.Outcome(reward)).Reverse().ToArray();
        return Finding.Of(cases.Select((c, i) => (c, i)).Where(x => first[x.i] != again[x.i])
            .Select(x => $"expected the same value twice for {x.c}, got {first[x.i]} and {again[x.i]}. A reward is a function of example and completion alone."));
    }

    public static Finding ThreadSafe(IRewardFunction reward, Case[] cases)
    {
        var alone = cases.Select(c => c.Outcome(reward)).ToArray();
        var problems = new SortedSet<int>();
        var seen = new string[cases.Length];
        using var start = new Barrier(Threads);
        var threads = Enumerable.Range(0, Threads).Select(thread => new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                start.SignalAndWait();
                for (var i = 0; i < cases.Length; i++)
                {
                    // Each thread starts elsewhere: unlike completions meet.
                    var k = (i + thread * cases.Length / Threads) % cases.Length;
                    var value = cases[k].Outcome(reward);
                    if (value == alone[k]) continue;
                    lock (problems)
                    {
                        problems.Add(k);
                        seen[k] = value;
                    }
                }
            }
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return Finding.Of(problems.Select(k => $"expected {alone[k]} for {cases[k]}, as scored alone, got {seen[k]} beside other threads. Keep no state between calls."));
    }

    public static Finding WithinRange(IRewardFunction reward, Case[] cases)
        => Finding.Of(cases.Select(c => (Case: c, Value: c.Value(reward)))
            .Where(x => x.Value is { } value && !(double.IsFinite(value) && value >= reward.Minimum - 1e-9 && value <= reward.Maximum + 1e-9))
            .Select(x => $"expected a value in [{Case.Text(reward.Minimum)}, {Case.Text(reward.Maximum)}] for {x.Case}, got {Case.Text(x.Value)}. Declare Minimum and Maximum, or bound the value."));

    public static Finding NeverThrows(IRewardFunction reward, Case[] cases)
    {
        var problems = new List<string>();
        foreach (var c in cases)
        {
            try
            {
                reward.Score(c.Example, c.Completion);
            }
            catch (Exception e)
            {
                problems.Add($"expected a low score for {c}, got {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
            }
        }
        return new Finding(problems);
    }
}
