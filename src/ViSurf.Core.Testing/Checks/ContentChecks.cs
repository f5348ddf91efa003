using ViSurf.Core.Rewards;

namespace ViSurf.Core.Testing.Checks;

/// <summary>Checks of what is paid for.</summary>
internal static class ContentChecks
{
    /// <summary>No completion of the kind gets more than a share of the maximum.</summary>
    public static Finding Nothing(IRewardFunction reward, Case[] cases, AdversarialKind kind, double allowance)
    {
        var limit = Math.Max(0, allowance * reward.Maximum);
        return Finding.Of(cases.Where(c => c.Kind == kind).Select(c => (Case: c, Value: c.Value(reward))).Where(x => x.Value > limit + 1e-9)
            .Select(x => $"expected at most {Case.Text(limit)} for {x.Case}, got {Case.Text(x.Value)}. A policy finds what is paid without knowing the answer."));
    }

    public static Finding Ranks(IRewardFunction reward, IReadOnlyList<Ranking> rankings)
    {
        if (rankings.Count == 0) return Finding.LeftOut("no Rankings were given.");
        var problems = new List<string>();
        foreach (var (example, texts) in rankings)
        {
            var values = texts.Select((text, i) => new Case(example, $"completion {i}", null, Some.Completion(text)).Value(reward)).ToArray();
            for (var i = 1; i < values.Length; i++)
                if (!(values[i - 1] > values[i]))
                    problems.Add($"expected completion {i - 1} of example '{example.Id}' above completion {i}, got {Case.Text(values[i - 1])} and {Case.Text(values[i])}.");
        }
        return new Finding(problems);
    }
}
