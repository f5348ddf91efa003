using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Testing.Checks;

namespace ViSurf.Core.Testing;

/// <summary>Completions of one example, best first: each must score higher than the next.</summary>
/// <param name="Example">The example.</param>
/// <param name="BestFirst">Two texts or more.</param>
public sealed record Ranking(VisionExample Example, params string[] BestFirst);

/// <summary>
/// Checks a reward function: <c>new RewardHarness(reward, examples).Run().EnsurePassed()</c>. Everything a check needs can be set with <c>with</c>. It takes a few seconds.
/// </summary>
/// <param name="Reward">The reward under test.</param>
/// <param name="Examples">At least one that the reward applies to. Varied labels find more.</param>
public sealed record RewardHarness(IRewardFunction Reward, params VisionExample[] Examples)
{
    /// <summary>How labels are written.</summary>
    /// <value>In answer tags, as the library does.</value>
    public LabelFormat Format { get; init; } = new();

    /// <summary>Examples whose labels are malformed; the reward must throw on each.</summary>
    /// <value>null: made from the examples, for the library's own kinds of labels (blank texts, boxes that are reversed or not finite).</value>
    public IReadOnlyList<VisionExample>? BadLabels { get; init; }

    /// <summary>Completions whose order is known.</summary>
    /// <value>None; then the check is left out.</value>
    public IReadOnlyList<Ranking> Rankings { get; init; } = [];

    /// <summary>Further completions to score, beside the corpus.</summary>
    /// <value>None.</value>
    public IReadOnlyList<string> Completions { get; init; } = [];

    /// <summary>The share of the maximum that copied prompts and farming may get, for rewards that give partial credit to any text.</summary>
    /// <value>0: nothing for a copied prompt, and at most a tenth for farming.</value>
    public double Allowance { get; init; }

    /// <summary>How long one scoring may take before it counts as one that never comes back.</summary>
    /// <value>20 seconds.</value>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Checks to leave out, with the reason.</summary>
    /// <value>None.</value>
    public IReadOnlyDictionary<RewardCheck, string> LeftOut { get; init; } = new Dictionary<RewardCheck, string>();

    /// <summary>The same without one check.</summary>
    /// <param name="check">Which.</param>
    /// <param name="reason">Shown in the report.</param>
    public RewardHarness Without(RewardCheck check, string reason)
        => this with { LeftOut = new Dictionary<RewardCheck, string>(LeftOut) { [check] = reason } };

    /// <summary>
    /// The same without what a reward for form alone cannot hold: such a reward reads no label, and pays for empty answers in the right form.
    /// </summary>
    public RewardHarness ForFormAlone()
        => new[] { RewardCheck.ThrowsOnBadLabels, RewardCheck.LabelReachesMaximum, RewardCheck.NothingForEmpty, RewardCheck.NothingForCopiedPrompt, RewardCheck.NothingForFarming }
            .Aggregate(this, (harness, check) => harness.Without(check, "the reward judges form alone."));

    /// <summary>Runs all checks.</summary>
    /// <exception cref="ArgumentException">There are no examples.</exception>
    public RewardReport Run()
    {
        ArgumentNullException.ThrowIfNull(Reward);
        if (Examples.Length == 0) throw new ArgumentException("Expected at least one example that the reward applies to, got none.");
        var cases = Examples.SelectMany(example => AdversarialCompletions.For(example, Format)
            .Concat(Completions.Select((text, i) => new AdversarialCompletion($"completion {i}", AdversarialKind.Malformed, text)))
            .Select(c => new Case(example, c.Name, c.Kind, Some.Completion(c.Text)))
            .Concat(example.Target is null ? [] : [new Case(example, "the label", null, Some.Label(example, Format))])).ToArray();
        var brief = cases.Where(c => c.Kind != AdversarialKind.Long).ToArray();
        return new RewardReport(Reward.Name,
        [
            Run(RewardCheck.Deterministic, () => ValueChecks.Deterministic(Reward, cases)),
            Run(RewardCheck.ThreadSafe, () => ValueChecks.ThreadSafe(Reward, brief)),
            Run(RewardCheck.WithinRange, () => ValueChecks.WithinRange(Reward, cases)),
            Run(RewardCheck.NeverThrowsOnCompletions, () => ValueChecks.NeverThrows(Reward, cases)),
            Run(RewardCheck.ThrowsOnBadLabels, () => LabelChecks.ThrowsOnBadLabels(Reward, Examples, BadLabels, Format)),
            Run(RewardCheck.LinearInLength, () => LinearityCheck.Run(Reward, Examples, Format, Patience)),
            Run(RewardCheck.LabelReachesMaximum, () => LabelChecks.ReachesMaximum(Reward, Examples, Format)),
            Run(RewardCheck.NothingForEmpty, () => ContentChecks.Nothing(Reward, cases, AdversarialKind.Empty, 0)),
            Run(RewardCheck.NothingForCopiedPrompt, () => ContentChecks.Nothing(Reward, cases, AdversarialKind.CopiedPrompt, Allowance)),
            Run(RewardCheck.NothingForFarming, () => ContentChecks.Nothing(Reward, cases, AdversarialKind.Farming, Math.Max(0.1, Allowance))),
            Run(RewardCheck.RanksAsListed, () => ContentChecks.Ranks(Reward, Rankings)),
        ]);
    }

    private CheckResult Run(RewardCheck check, Func<Finding> run)
    {
        if (LeftOut.TryGetValue(check, out var reason)) return new CheckResult(check, CheckOutcome.Skipped, [reason]);
        var (problems, skipped) = run();
        if (skipped is not null) return new CheckResult(check, CheckOutcome.Skipped, [skipped]);
        return new CheckResult(check, problems.Count == 0 ? CheckOutcome.Passed : CheckOutcome.Failed, problems);
    }
}
