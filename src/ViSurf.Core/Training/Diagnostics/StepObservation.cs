using ViSurf.Core.Rewards;
using ViSurf.Core.Training.Metrics;

namespace ViSurf.Core.Training.Diagnostics;

/// <summary>One reward in one step, as far as rules look at it.</summary>
/// <param name="Name">The reward's name.</param>
/// <param name="Weight">Its weight in the total.</param>
/// <param name="Maximum">The largest value it can give.</param>
/// <param name="Rollouts">Rollouts it applied to.</param>
/// <param name="Lowest">Smallest value of a rollout; null for none.</param>
/// <param name="Highest">Largest value of a rollout; null for none.</param>
/// <param name="Labels">Labels it applied to.</param>
/// <param name="BestLabel">Largest value of a label, smallest under a negative weight; null for none.</param>
public sealed record ComponentObservation(
    string Name, double Weight, double Maximum, int Rollouts, double? Lowest, double? Highest, int Labels, double? BestLabel)
{
    /// <summary>The smallest value it can give.</summary>
    /// <value>0, as of a reward that does not say.</value>
    public double Minimum { get; init; }

    /// <summary>The value that its weight asks for, as in <see cref="RewardComponent.Best"/>.</summary>
    public double Best => Weight < 0 ? Minimum : Maximum;
}

/// <summary>A step as rules remember it: numbers, without completions and pictures.</summary>
public sealed record StepObservation
{
    /// <summary>Index of the step.</summary>
    public required long Step { get; init; }

    /// <summary>All of <see cref="StepMetrics"/>, by name.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Each reward, in the suite's order.</summary>
    public IReadOnlyList<ComponentObservation> Components { get; init; } = [];

    /// <summary>Whether rollouts of earlier weights took part: ratios then differ from 1 by right.</summary>
    public bool Replayed { get; init; }

    /// <summary>The mean ratio of the first update; null when it was not measured.</summary>
    public double? FirstRatio { get; init; }

    /// <summary>Why the step's last update was skipped; null when it was made.</summary>
    public SkippedUpdate? Skipped { get; init; }

    /// <summary>The metric of that name, or null when the step has none or it is not finite.</summary>
    public double? Find(string metric) => Metrics.TryGetValue(metric, out var value) && double.IsFinite(value) ? value : null;

    /// <summary>The largest total that the rewards can give, as <see cref="RewardSuite.Maximum"/> has it; null without rewards.</summary>
    public double? LargestTotal => Components.Count == 0 ? null : Components.Sum(c => Math.Max(0, c.Weight * c.Best));

    /// <summary>What is remembered of a report.</summary>
    public static StepObservation Of(StepReport report)
    {
        var groups = report.Groups.Select(g => g.Scored).ToArray();
        var scores = groups.SelectMany(g => g.Scores.Select((score, i) => (Score: score, Label: g.IsDemonstration(i)))).ToArray();
        var parts = scores.SelectMany(s => s.Score.Components.Select(c => (Component: c, s.Label))).ToArray();
        return new StepObservation
        {
            Step = report.Step,
            Metrics = StepMetrics.Of(report).ToDictionary(m => m.Name, m => m.Value),
            Components = [.. parts.GroupBy(p => p.Component.Name).Select(g => Of(g.Key, [.. g]))],
            Replayed = groups.Any(g => g.Group.Completions.Any(c => c.Replayed)) || report.Groups.Any(g => g.Controlled.Group.Completions.Any(c => c.Replayed)),
            FirstRatio = FirstRatioOf(report),
            Skipped = report.Skipped,
        };
    }

    private static ComponentObservation Of(string name, (RewardComponent Component, bool Label)[] all)
    {
        var rollouts = all.Where(p => !p.Label && p.Component.Value is not null).Select(p => p.Component.Value!.Value).ToArray();
        var labels = all.Where(p => p.Label && p.Component.Value is not null).Select(p => p.Component.Value!.Value).ToArray();
        var (weight, maximum) = (all[0].Component.Weight, all.Max(p => p.Component.Maximum));
        return new ComponentObservation(
            name, weight, maximum, rollouts.Length, rollouts.Length > 0 ? rollouts.Min() : null, rollouts.Length > 0 ? rollouts.Max() : null,
            labels.Length, labels.Length == 0 ? null : weight < 0 ? labels.Min() : labels.Max())
        {
            Minimum = all.Min(p => p.Component.Minimum),
        };
    }

    private static double? FirstRatioOf(StepReport report)
        => report.Updates is [var first, ..] && first.Metrics.TryGetValue(ScoreMetrics.RolloutRatio, out var ratio) && double.IsFinite(ratio) ? ratio : null;
}
