using ViSurf.Core.Reporting.Charts;
using ViSurf.Core.Reporting.Markup;
using static ViSurf.Core.Reporting.StepNumbers;

namespace ViSurf.Core.Reporting;

/// <summary>Which numbers are drawn together, and what is said about them. A chart without any number is left out by who draws it.</summary>
internal static class ChartPlan
{
    // Each takes some 40 kB with its table.
    private const int MostComponents = 10, MostMetrics = 10, MostEvaluation = 6;

    public static Chart Rewards { get; } = new(
        "Reward", "Mean total of the rollouts, shaded by the mean deviation within a group; the labels before reward control.", ChartUnit.Number,
        [new ChartLine("rollouts", Reward, 1) { Around = Deviation }, new ChartLine("labels", Label, 2)]);

    public static IReadOnlyList<Chart> Learning { get; } =
    [
        new("Labels and groups", "Labels in use: 100 % is near supervised fine-tuning, 0 % is plain RL. Equal rollouts teach nothing without a label.", ChartUnit.Share,
            [new("labels in use", Used, 1), new("groups without advantage", Neutral, 2), new("groups of equal rollouts", Uniform, 3)]),
        new("Groups left out", "Rolled out again, replaced, left out or without advantage; an example may count more than once.", ChartUnit.Amount, [new("groups", SkippedGroups, 2)]) { OnlyIfAny = true },
        new("Length", "Tokens of a completion.", ChartUnit.Amount, [new("rollouts", Length, 1), new("longest", Longest, 3), new("labels", LabelLength, 2)]),
        new("Cut at the limit", "Rollouts that ended because they reached the token limit.", ChartUnit.Share, [new("rollouts", Truncated, 1)]),
        new("Entropy", "Of the policy over the next token, in nats. A collapse to 0 ends exploration.", ChartUnit.Amount, [new("mean", Metric + "entropy", 1)]),
        new("Clipped", "Tokens whose gradient the clip took away.", ChartUnit.Share, [new("tokens", Metric + "clip_fraction", 1)]),
        new("Gradient norm", "Before clipping.", ChartUnit.Magnitude, [new("norm", Norm, 1)]),
        new("Loss", "With one update per batch of rollouts it says little: it is 0 up to normalisation.", ChartUnit.Number, [new("loss", Loss, 1)]),
        new("Learning rate", "", ChartUnit.Amount, [new("rate", Rate, 1)]),
    ];

    public static IReadOnlyList<Chart> Time { get; } =
    [
        new("Seconds of a step", "By phase, on top of each other.", ChartUnit.Seconds,
            [new("encode", Encode, 5), new("roll out", Rollout, 1), new("judge", Judge, 3), new("update", Update, 2)]) { Stacked = true },
        new("Tokens per second", "Prompt and completion tokens over all phases.", ChartUnit.Amount, [new("tokens", Speed, 1)]),
        new("Memory", "GiB in use at the end of a step: of the process, and on the policy's GPU by the driver's count.", ChartUnit.Amount, [new("process", HostMemory, 1), new("GPU", DeviceMemory, 2)]),
    ];

    /// <summary>A chart for each reward, values before weights.</summary>
    public static IEnumerable<Chart> Components(IEnumerable<string> keys)
        => Names(keys, ComponentRollouts).Union(Names(keys, ComponentLabels)).Take(MostComponents)
            .Select(name => new Chart(Short(name), "", ChartUnit.Amount, [new("rollouts", ComponentRollouts + name, 1), new("labels", ComponentLabels + name, 2)]));

    /// <summary>A chart for each metric of the objective that has no chart of its own.</summary>
    public static IEnumerable<Chart> Metrics(IEnumerable<string> keys)
        => Names(keys, Metric).Where(name => Learning.All(chart => chart.Lines.All(line => line.Key != Metric + name))).Take(MostMetrics)
            .Select(name => new Chart(Short(name), "", ChartUnit.Number, [new("value", Metric + name, 1)]));

    /// <summary>Measures of the held-out rows: shares together, everything else in charts of its own.</summary>
    /// <param name="steps">All that was measured.</param>
    public static IEnumerable<Chart> Evaluation(IReadOnlyList<Stretch<IReadOnlyDictionary<string, Spread>>> steps)
    {
        var names = steps.SelectMany(s => s.Value.Keys).Distinct().ToArray();
        var shares = names.Where(name => steps.Where(s => s.Value.ContainsKey(name)).Select(s => s.Value[name]).All(v => v is { Least: >= 0, Most: <= 1 })).ToArray();
        var together = shares.Chunk(Chart.Colours - 2).Select((group, i) => new Chart(
            i == 0 ? "Held-out rows" : $"Held-out rows, {i + 1}", "Rows that training does not see.", ChartUnit.Share,
            [.. group.Select((name, k) => new ChartLine(Short(name), name, k + 1))]));
        return together.Concat(names.Except(shares).Select(name => new Chart(Short(name), "Held-out rows.", ChartUnit.Number, [new("value", name, 1)])))
            .Take(MostEvaluation).Select(chart => chart with { Marked = true });
    }

    private static string Short(string name) => HtmlText.Shortened(name, 60);

    private static IEnumerable<string> Names(IEnumerable<string> keys, string prefix)
        => keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Select(key => key[prefix.Length..]);
}
