using System.Text;

namespace ViSurf.Core.Testing;

/// <summary>The results of all checks of one reward. Its text is made to be read in a test runner.</summary>
/// <param name="Reward">The reward's name.</param>
/// <param name="Results">One per check.</param>
public sealed record RewardReport(string Reward, IReadOnlyList<CheckResult> Results)
{
    private const int Shown = 8;

    /// <summary>Whether no check failed.</summary>
    public bool Passed => Results.All(r => r.Outcome != CheckOutcome.Failed);

    /// <summary>The result of one check.</summary>
    public CheckResult this[RewardCheck check] => Results.Single(r => r.Check == check);

    /// <summary>Does nothing when all checks passed: the last line of a test in any framework.</summary>
    /// <exception cref="RewardCheckException">A check failed; the message is the report.</exception>
    public void EnsurePassed()
    {
        if (!Passed) throw new RewardCheckException(ToString());
    }

    /// <summary>One line per check, and under a failed one what was wrong.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"Reward '{Reward}': {Results.Count(r => r.Outcome == CheckOutcome.Passed)} checks passed, "
            + $"{Results.Count(r => r.Outcome == CheckOutcome.Failed)} failed, {Results.Count(r => r.Outcome == CheckOutcome.Skipped)} left out.");
        foreach (var result in Results)
        {
            text.AppendLine().Append(result.Outcome switch { CheckOutcome.Passed => "  passed   ", CheckOutcome.Failed => "  FAILED   ", _ => "  left out " }).Append(Words(result.Check));
            if (result.Outcome == CheckOutcome.Skipped) text.Append(": ").AppendJoin(" ", result.Details);
            if (result.Outcome != CheckOutcome.Failed) continue;
            foreach (var detail in result.Details.Take(Shown)) text.AppendLine().Append("           - ").Append(detail);
            if (result.Details.Count > Shown) text.AppendLine().Append("           - … and ").Append(result.Details.Count - Shown).Append(" more");
        }
        return text.ToString();
    }

    /// <summary>"NeverThrowsOnCompletions" as "never throws on completions".</summary>
    private static string Words(RewardCheck check)
        => string.Concat(check.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? " " : "") + char.ToLowerInvariant(c) : c.ToString()));
}

/// <summary>A reward did not pass its checks.</summary>
public sealed class RewardCheckException : Exception
{
    /// <summary>Without a report.</summary>
    public RewardCheckException()
    {
    }

    /// <summary>With the report as message.</summary>
    public RewardCheckException(string message)
        : base(message)
    {
    }

    /// <summary>With the report as message and a cause.</summary>
    public RewardCheckException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
