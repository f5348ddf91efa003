using System.Globalization;
using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Training.Diagnostics;

/// <summary>
/// What goes wrong in runs, each as a function over their history with its threshold as a parameter. The thresholds are rules of thumb: far
/// enough from what healthy runs do to be worth a sentence, and none of them stops a run.
/// </summary>
public static partial class DiagnosisRules
{
    /// <summary>All rules at their default thresholds.</summary>
    /// <param name="evaluationMetric">The evaluation's number that should rise, for <see cref="RewardUpEvaluationDown"/>; null leaves that rule out.</param>
    public static IReadOnlyList<DiagnosisRule> Default(string? evaluationMetric = null) =>
    [
        new("constant_groups", history => ConstantGroups(history)),
        new("constant_component", history => ConstantComponent(history)),
        new("label_below_maximum", history => LabelBelowMaximum(history)),
        new("truncated_completions", history => TruncatedCompletions(history)),
        new("entropy_collapse", history => EntropyCollapse(history)),
        new("sampler_mismatch", history => SamplerMismatch(history)),
        new("first_ratio", history => FirstRatio(history)),
        new("exploding_gradient", history => ExplodingGradient(history)),
        new("skipped_updates", history => SkippedUpdates(history)),
        .. evaluationMetric is { } metric ? new[] { new DiagnosisRule("reward_up_evaluation_down", history => RewardUpEvaluationDown(history, metric)) } : [],
    ];

    /// <summary>Every group of the last <paramref name="steps"/> steps was neutral: nothing was learnt.</summary>
    /// <param name="history">The run.</param>
    /// <param name="steps">5: one such step happens with few prompts and sparse rewards.</param>
    public static IEnumerable<Finding> ConstantGroups(RunHistory history, int steps = 5)
    {
        var window = history.Last(steps);
        if (window.Count == 0 || window.Any(s => s.Find("frac_groups_neutral") is not >= 1)) yield break;
        var reward = Mean(window, "reward");
        var solved = reward is { } r && window[^1].LargestTotal is { } most && r >= most - 1e-6;
        yield return solved
            ? new Finding(null, Text($"In each of the last {steps} steps every completion of every group scored the same, the maximum."),
                "The policy solves all of these prompts: no advantage is left.",
                "Evaluate and stop, or give it harder examples.")
            : new Finding(null, Text($"In each of the last {steps} steps all advantages were 0 (reward {reward:0.###})."),
                "No completion is better than another, so nothing is learnt: the task is too hard for the policy as it is, or the reward cannot tell answers apart.",
                "Put labels into the groups (TrainerParts.ViSurf), raise the group size or the temperature, or give partial credit in a reward.");
    }

    /// <summary>A reward with a weight said the same of all rollouts through the last <paramref name="steps"/> steps, and it was not its maximum (minimum, where the weight is negative).</summary>
    /// <param name="history">The run.</param>
    /// <param name="steps">10.</param>
    public static IEnumerable<Finding> ConstantComponent(RunHistory history, int steps = 10)
    {
        foreach (var (name, seen) in Components(history, steps, c => c.Rollouts > 1 && c.Weight != 0))
        {
            var (low, high) = (seen.Min(c => c.Lowest!.Value), seen.Max(c => c.Highest!.Value));
            if (!SameReward.Is(high, low) || Shortfall(seen[^1], seen[^1].Weight < 0 ? high : low) < SameReward.Tolerance) continue;
            var range = seen[^1].Weight < 0 ? Text($"{seen[^1].Best:0.###} is best, its weight is negative") : Text($"of at most {seen[^1].Maximum:0.###}");
            yield return new Finding(name, Text($"Reward '{name}' was {low:0.###} ({range}) for all {seen.Sum(c => c.Rollouts)} rollouts of the last {steps} steps."),
                "A reward that says the same of everybody teaches nothing: it is too hard, or it does not read what the policy writes.",
                "Read a few completions beside the reward; check that the prompt asks for the form the reward reads.");
        }
    }

    /// <summary>No label reached the maximum of a reward (the minimum, where its weight is negative) in the last <paramref name="steps"/> steps.</summary>
    /// <param name="history">The run.</param>
    /// <param name="steps">10.</param>
    /// <param name="labels">Fewest labels that must have been judged, 10.</param>
    /// <param name="except">Rewards that labels need not reach; null for <c>thinking_format</c>, because a label has no trace of reasoning.</param>
    public static IEnumerable<Finding> LabelBelowMaximum(RunHistory history, int steps = 10, int labels = 10, IReadOnlyCollection<string>? except = null)
    {
        var excluded = except ?? [ThinkingFormatReward.ComponentName];
        foreach (var (name, seen) in Components(history, steps, c => c.Labels > 0 && c.Weight != 0 && !excluded.Contains(c.Name)))
        {
            var (judged, penalty) = (seen.Sum(c => c.Labels), seen[^1].Weight < 0);
            var best = penalty ? seen.Min(c => c.BestLabel!.Value) : seen.Max(c => c.BestLabel!.Value);
            if (judged < labels || Shortfall(seen[^1], best) <= 1e-6) continue;
            yield return new Finding(name, penalty
                    ? Text($"None of {judged} labels reached the best of reward '{name}', whose weight is negative, in the last {steps} steps: {best:0.###} at best, where {seen[^1].Best:0.###} is asked for.")
                    : Text($"None of {judged} labels reached the maximum of reward '{name}' in the last {steps} steps: {best:0.###} of {seen[^1].Maximum:0.###} at best."),
                "Labels are judged by the same rewards as rollouts; one that its own reward rejects teaches what that reward rejects, and is smoothed away too early.",
                "Run DatasetCheck on the data; compare LabelFormat and the coordinates' frame with what the reward reads.");
        }
    }

    /// <summary>More than <paramref name="fraction"/> of the rollouts ended at the token limit, mean over the last <paramref name="steps"/> steps.</summary>
    /// <param name="history">The run.</param>
    /// <param name="steps">5.</param>
    /// <param name="fraction">0.5.</param>
    public static IEnumerable<Finding> TruncatedCompletions(RunHistory history, int steps = 5, double fraction = 0.5)
    {
        var window = history.Last(steps);
        if (Mean(window, "completions/clipped_ratio") is not { } cut || cut <= fraction) yield break;
        yield return new Finding(null, Text($"{cut:P0} of the rollouts of the last {steps} steps ended at the token limit (mean length {Mean(window, "completions/mean_length"):0})."),
            "An answer that is cut off earns nothing, whatever it would have become; or the policy has stopped writing its stop token.",
            "Raise MaxNewTokens; check the sampler's StopIds; add OverlongShaping or NeutralizeTruncated.");
    }

    /// <summary>The rewards that pass <paramref name="which"/> in every one of the last steps, with what was seen of them.</summary>
    private static IEnumerable<(string Name, ComponentObservation[] Seen)> Components(RunHistory history, int steps, Func<ComponentObservation, bool> which)
        => history.Last(steps).SelectMany(s => s.Components.Where(which)).GroupBy(c => c.Name).Where(g => g.Count() == steps).Select(g => (g.Key, g.ToArray()));

    /// <summary>How far a value is from what the reward's weight asks for.</summary>
    private static double Shortfall(ComponentObservation of, double value) => of.Weight < 0 ? value - of.Best : of.Best - value;

    private static double? Mean(IReadOnlyList<StepObservation> window, string metric)
        => window.Select(s => s.Find(metric)).OfType<double>().MeanOrNull();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
