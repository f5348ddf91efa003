using ViSurf.Core.Training;
using ViSurf.Core.Training.Diagnostics;

namespace ViSurf.Core.Tests.Training.Diagnostics;

/// <summary>Runs in numbers: healthy ones, to which a test does one thing.</summary>
internal static class History
{
    /// <summary>
    /// A run that learns: reward from 0.3 of 2 upwards, entropy to a third, a gradient norm that wobbles with one spike in 25, a tenth of the rollouts
    /// cut off, a fifth of the groups uniform, a sampler that differs as bfloat16 does, one skipped update in 30.
    /// </summary>
    public static IEnumerable<StepObservation> Healthy(int steps)
        => Enumerable.Range(0, steps).Select(i =>
        {
            var progress = i / (double)Math.Max(1, steps - 1);
            var wobble = 1 + 0.2 * Math.Sin(i * 1.7);
            return Step(i, new()
            {
                ["reward"] = 0.3 + 1.2 * progress * wobble,
                ["entropy_sampled"] = 1.2 * (1 - 0.67 * progress) * wobble,
                ["grad_norm"] = i % 25 == 24 ? 8 : 0.5 * wobble,
                ["completions/clipped_ratio"] = 0.1 * wobble,
                ["completions/mean_length"] = 120,
                ["frac_groups_neutral"] = i % 9 == 8 ? 1 : 0.2,
                ["sampling/sampling_logp_difference/mean"] = 0.02 * wobble,
            },
            [
                new("format", 1, 1, 128, i < 3 ? 0 : 1, 1, 16, 1),     // solved early: constant at its maximum
                new("accuracy", 1, 1, 128, 0, 0.5 + 0.4 * progress, 16, 1),
                new("thinking_format", 0.5, 1, 128, 0, 1, 16, 0),      // labels do not think
            ]) with { Skipped = i % 30 == 29 ? new SkippedUpdate("loss is not finite", ["x"]) : null, FirstRatio = 1 };
        });

    /// <summary>The healthy run with these metrics changed from a step on.</summary>
    public static IEnumerable<StepObservation> With(int steps, int from, string metric, Func<int, double> value)
        => Healthy(steps).Select((step, i) => i < from ? step : step with { Metrics = new Dictionary<string, double>(step.Metrics) { [metric] = value(i) } });

    /// <summary>The healthy run with one component in place of another from a step on.</summary>
    public static IEnumerable<StepObservation> With(int steps, int from, ComponentObservation component)
        => Healthy(steps).Select((step, i) => i < from ? step : step with { Components = [.. step.Components.Where(c => c.Name != component.Name), component] });

    public static StepObservation Step(long step, Dictionary<string, double> metrics, IReadOnlyList<ComponentObservation>? components = null)
        => new() { Step = step, Metrics = metrics, Components = components ?? [] };

    /// <summary>What is said of a run.</summary>
    public static List<Diagnosis> Said(IEnumerable<StepObservation> steps, IReadOnlyList<DiagnosisRule>? rules = null)
    {
        var said = new List<Diagnosis>();
        var run = new RunDiagnosis(said.Add, rules);
        foreach (var step in steps) run.Observe(step);
        return said;
    }
}
