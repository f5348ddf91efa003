namespace ViSurf.Core.Training.Diagnostics;

/// <content>Rules about the policy and its updates.</content>
public static partial class DiagnosisRules
{
    /// <summary>
    /// Entropy fell below <paramref name="fraction"/> of what it was in the first steps, while the reward is below <paramref name="solved"/> of its
    /// maximum: a policy that has solved its task is certain by right. Reads <c>entropy</c> or, where that is not scored, <c>entropy_sampled</c>.
    /// </summary>
    /// <param name="history">The run.</param>
    /// <param name="steps">5: the mean of so many.</param>
    /// <param name="fraction">0.1.</param>
    /// <param name="solved">0.9.</param>
    public static IEnumerable<Finding> EntropyCollapse(RunHistory history, int steps = 5, double fraction = 0.1, double solved = 0.9)
    {
        var window = history.Last(steps + RunHistory.Opening).TakeLast(steps).ToArray();
        var metric = window.Any(s => s.Find("entropy") is not null) ? "entropy" : "entropy_sampled";
        if (Mean(window, metric) is not { } now || Mean(history.Beginning, metric) is not { } before || now >= fraction * before) yield break;
        var reward = Mean(window, "reward");
        if (reward is { } r && window[^1].LargestTotal is { } most && r >= solved * most) yield break;
        yield return new Finding(null, Text($"Entropy fell from {before:0.###} to {now:0.####} nats per token, while the reward is {reward:0.###} of at most {window[^1].LargestTotal:0.###}."),
            "The policy writes the same answer again and again, so its groups stop differing before the task is solved.",
            "Lower the learning rate; raise the upper clip (0.28 in DAPO); add an EntropyBonus or a KL term; go back to a checkpoint before the fall.");
    }

    /// <summary>Mean |log π(sampler) − log π(scored)| above <paramref name="nats"/>, mean over the last <paramref name="steps"/> steps.</summary>
    /// <param name="history">The run.</param>
    /// <param name="steps">3.</param>
    /// <param name="nats">0.1 per token, half of a clip range of 0.2; one engine in float32 is at 1e-6, in bfloat16 at about 1e-2.</param>
    public static IEnumerable<Finding> SamplerMismatch(RunHistory history, int steps = 3, double nats = 0.1)
    {
        if (Mean(history.Last(steps), "sampling/sampling_logp_difference/mean") is not { } drift || drift <= nats) yield break;
        yield return new Finding(null, Text($"Sampler and scorer differ by {drift:0.###} nats per rollout token, mean of the last {steps} steps."),
            "Rollouts come from another distribution than the one that is differentiated: another temperature, old weights in the sampler, top-p or top-k, dropout, or a prompt that is encoded twice.",
            "Use one temperature in SamplingOptions and TrainerOptions, call Module.eval(), and hand new weights to an engine of your own after every step.");
    }

    /// <summary>The mean ratio of the first update is off 1 by more than <paramref name="tolerance"/> in the last <paramref name="steps"/> steps, replayed rollouts aside.</summary>
    /// <param name="history">The run.</param>
    /// <param name="steps">3.</param>
    /// <param name="tolerance">0.05.</param>
    public static IEnumerable<Finding> FirstRatio(RunHistory history, int steps = 3, double tolerance = 0.05)
    {
        var window = history.Last(steps);
        if (window.Count == 0 || window.Any(s => s.Replayed || s.FirstRatio is not { } ratio || Math.Abs(ratio - 1) <= tolerance)) yield break;
        yield return new Finding(null, Text($"The ratio π_θ/π_old of the first update was {window.Average(s => s.FirstRatio!.Value):0.###}, mean of the last {steps} steps; it is 1 when the same weights score the same rows twice."),
            "Scoring is not repeatable: dropout is on, or the policy's Score depends on something else than rows and weights.",
            "Call Module.eval() before training; it keeps gradients.");
    }

    /// <summary>
    /// Each of the last <paramref name="steps"/> gradient norms is above <paramref name="factor"/> times the median of those before: one spike is what
    /// clipping is for.
    /// </summary>
    /// <param name="history">The run.</param>
    /// <param name="steps">3.</param>
    /// <param name="factor">10.</param>
    /// <param name="before">Fewest norms to compare with, 10.</param>
    public static IEnumerable<Finding> ExplodingGradient(RunHistory history, int steps = 3, double factor = 10, int before = 10)
    {
        var norms = history.Steps.Select(s => s.Find("grad_norm")).OfType<double>().ToArray();
        if (norms.Length < steps + before) yield break;
        var (old, now) = (norms[..^steps].Order().ToArray(), norms[^steps..]);
        var median = old[old.Length / 2];
        if (median <= 0 || now.Any(norm => norm <= factor * median)) yield break;
        yield return new Finding(null, Text($"The gradient norm was {now.Min():0.##} to {now.Max():0.##} in the last {steps} updates; before, its median was {median:0.###}."),
            "The policy is leaving the region its gradients are good for; clipping keeps the size of a step but not its direction.",
            "Lower the learning rate or lengthen its warm-up; look at the labels and lengths of these steps; go back to a checkpoint before them.");
    }

    /// <summary>At least <paramref name="skips"/> of the last <paramref name="steps"/> steps skipped an update.</summary>
    /// <param name="history">The run.</param>
    /// <param name="steps">10.</param>
    /// <param name="skips">3.</param>
    public static IEnumerable<Finding> SkippedUpdates(RunHistory history, int steps = 10, int skips = 3)
    {
        var skipped = history.Steps.TakeLast(steps).Where(s => s.Skipped is not null).ToArray();
        if (skipped.Length < skips) yield break;
        var last = skipped[^1].Skipped!;
        yield return new Finding(null, Text($"{skipped.Length} of the last {Math.Min(steps, history.Steps.Count)} updates were skipped, the last because {last.Reason}, with examples {string.Join(", ", last.ExampleIds.Take(5))}."),
            "Numbers overflow: weights that have diverged, or a precision too low for them.",
            "Lower the learning rate; go back to a checkpoint before the first skipped update; if the same examples return, look at them.");
    }

    /// <summary>
    /// Two evaluations in a row lower than the one before, the last below the best by more than <paramref name="fall"/> of it, while the training reward
    /// is higher than at the best one by more than <paramref name="rise"/> of it.
    /// </summary>
    /// <param name="history">The run.</param>
    /// <param name="metric">The evaluation's number; higher is better.</param>
    /// <param name="fall">0.05.</param>
    /// <param name="rise">0.05.</param>
    public static IEnumerable<Finding> RewardUpEvaluationDown(RunHistory history, string metric, double fall = 0.05, double rise = 0.05)
    {
        var seen = history.Evaluations.Where(e => e.Reward is not null && e.Metrics.ContainsKey(metric)).Select(e => (e.Step, Value: e.Metrics[metric], Reward: e.Reward!.Value)).ToArray();
        if (seen.Length < 3 || !(seen[^1].Value < seen[^2].Value && seen[^2].Value < seen[^3].Value)) yield break;
        var (best, now) = (seen.MaxBy(e => e.Value), seen[^1]);
        if (best.Value - now.Value <= fall * Math.Abs(best.Value) || now.Reward - best.Reward <= rise * Math.Abs(best.Reward)) yield break;
        yield return new Finding(metric, Text($"The training reward rose from {best.Reward:0.###} to {now.Reward:0.###} since step {best.Step}, while {metric} fell from {best.Value:0.###} to {now.Value:0.###}."),
            "The policy has found what the reward pays for and the evaluation does not count, or it learns the training examples by heart.",
            $"Keep the checkpoint of step {best.Step}; read completions with a high reward; add a KL term or more data.");
    }
}
