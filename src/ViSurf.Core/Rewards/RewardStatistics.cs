using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Data;

namespace ViSurf.Core.Rewards;

/// <summary>One reward over the rollouts of a step, before weights and reward control. Labels do not count.</summary>
/// <param name="Name">The reward's name.</param>
/// <param name="Count">Rollouts it applied to.</param>
/// <param name="Mean">Mean value; null when it applied to none.</param>
/// <param name="Deviation">Standard deviation (n − 1) over all those rollouts; 0 for one, null for none.</param>
/// <param name="Minimum">Smallest value; null for none.</param>
/// <param name="Maximum">Largest value; null for none.</param>
/// <param name="NotApplicable">Fraction of the rollouts to which it did not apply, in [0, 1].</param>
public sealed record ComponentStatistics(
    string Name, int Count, double? Mean, double? Deviation, double? Minimum, double? Maximum, double NotApplicable)
{
    /// <summary>Whether it said the same of two rollouts or more: it taught nothing.</summary>
    public bool IsConstant => Count > 1 && Maximum - Minimum < SameReward.Tolerance;
}

/// <summary>All rewards over a step.</summary>
/// <param name="Components">In the suite's order.</param>
/// <param name="Warnings">In words: rewards that said the same of every rollout, or applied to none; rollouts that nothing judged.</param>
public sealed record RewardStatistics(IReadOnlyList<ComponentStatistics> Components, IReadOnlyList<string> Warnings)
{
    /// <summary>No rollouts, nothing to say.</summary>
    public static RewardStatistics None { get; } = new([], []);

    /// <summary>Computes them.</summary>
    /// <param name="groups">All groups of a step, as scored.</param>
    public static RewardStatistics Of(IReadOnlyList<ScoredGroup> groups)
    {
        var rollouts = Guard.NotNull(groups).SelectMany(g => g.RolloutScores).ToArray();
        if (rollouts.Length == 0) return None;
        var names = rollouts.SelectMany(s => s.Components).Select(c => c.Name).Distinct().ToArray();
        var components = names.Select(name => (Of(name, rollouts), rollouts.Select(s => s.Find(name)).OfType<RewardComponent>().First())).ToArray();
        string?[] warnings = [Unjudged(rollouts), LeftOut(rollouts), .. components.Select(c => Warning(c.Item1, c.Item2))];
        return new RewardStatistics(components.Select(c => c.Item1).ToArray(), warnings.OfType<string>().ToArray());
    }

    private static string? Unjudged(CompletionScore[] rollouts)
        => rollouts.Count(score => !score.IsScored && !score.IsLeftOut) is > 0 and var count
            ? $"Nothing could judge {count} of {rollouts.Length} rollouts: they are in no mean and have no advantage. "
                + "See that judges answer and that a reward reads each kind of label."
            : null;

    private static string? LeftOut(CompletionScore[] rollouts)
        => rollouts.Count(score => score.IsLeftOut) is > 0 and var count
            ? $"A judge did not answer for {count} of {rollouts.Length} rollouts, which are left out: "
                + $"they are in no mean and have no advantage."
            : null;

    private static ComponentStatistics Of(string name, CompletionScore[] rollouts)
    {
        var values = rollouts.Select(s => s.Find(name)?.Value).OfType<double>().ToArray();
        var missing = 1 - (double)values.Length / rollouts.Length;
        if (values.Length == 0) return new ComponentStatistics(name, 0, null, null, null, null, missing);
        return new ComponentStatistics(name, values.Length, values.MeanOrNull(), values.DeviationOrNull() ?? 0, values.Min(), values.Max(), missing);
    }

    private static string? Warning(ComponentStatistics statistics, RewardComponent component)
    {
        if (component.Weight == 0) return null;
        if (statistics.Count == 0)
            return $"Reward '{statistics.Name}' applied to no rollout of this step: no example has the kind of label it reads, "
                + $"or it had no answer (a judge).";
        if (!statistics.IsConstant) return null;
        var said = string.Create(CultureInfo.InvariantCulture, $"Reward '{statistics.Name}' was {statistics.Mean:0.###} for all {statistics.Count} rollouts it applied to");
        // The rollout that is furthest from what the weight asks for.
        var worst = component with { Value = component.Weight < 0 ? statistics.Maximum : statistics.Minimum };
        return worst.Shortfall < SameReward.Tolerance
            ? $"{said}, its {(component.Weight < 0 ? "best (its weight is negative)" : "maximum")}: nothing is left to learn from it."
            : $"{said}: it taught nothing in this step. If that lasts, it is too hard, or it does not read what the policy writes.";
    }
}
