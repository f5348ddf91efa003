using ViSurf.Core.Common;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Training.Diagnostics;

/// <summary>
/// Watches a run and says in words what goes wrong, each thing once per episode: a finding is said when it appears, and again only after it has been
/// gone for <see cref="Quiet"/> steps. Nothing is read from a device. Not thread-safe. A resumed run begins a new history, or goes on with the old one where it is a
/// watcher of the run (<see cref="AsPart"/>).
/// </summary>
/// <param name="say">Is told each diagnosis as it is made: <c>logger.LogDiagnosis</c>, a report, a test.</param>
/// <param name="rules">Null for <see cref="DiagnosisRules.Default"/>.</param>
public sealed class RunDiagnosis(Action<Diagnosis> say, IReadOnlyList<DiagnosisRule>? rules = null)
{
    /// <summary>Steps without a finding after which it is news again.</summary>
    public const int Quiet = 10;

    private readonly Action<Diagnosis> _say = Guard.NotNull(say);
    private readonly IReadOnlyList<DiagnosisRule> _rules = rules ?? DiagnosisRules.Default();
    private readonly Dictionary<(string Rule, string? Subject), long> _seen = [];
    private long _observed;

    /// <summary>What the rules look at.</summary>
    public RunHistory History { get; } = new();

    /// <summary>Takes in a step and says what is new.</summary>
    public void Observe(StepReport report) => Observe(StepObservation.Of(Guard.NotNull(report)));

    /// <summary>Takes in a step from its numbers.</summary>
    public void Observe(StepObservation step)
    {
        History.Add(Guard.NotNull(step));
        _observed++;
        Look(step.Step);
    }

    /// <summary>Takes in an evaluation and says what is new.</summary>
    /// <param name="step">The step it followed.</param>
    /// <param name="metrics">By name.</param>
    public void Observe(long step, IReadOnlyDictionary<string, double> metrics)
    {
        Guard.NotNull(metrics);
        // A run that resumes says again what was measured at its step.
        if (History.Evaluations is [.., var last] && last.Step == step && last.Metrics.Count == metrics.Count
            && metrics.All(m => last.Metrics.TryGetValue(m.Key, out var there) && there.Equals(m.Value))) return;
        History.Add(step, metrics);
        Look(step);
    }

    /// <summary>What it remembers, as a part of a checkpoint (<see cref="TrainingRunOptions.Watchers"/>): after a resume it says what it would have said without.</summary>
    /// <param name="key">The part's name.</param>
    public CheckpointPart AsPart(string key = "diagnosis") => CheckpointPart.Of(
        key, () => new SavedDiagnosis(History.Beginning, History.Steps, History.Evaluations, [.. _seen.Select(s => new SavedFinding(s.Key.Rule, s.Key.Subject, s.Value))], _observed).ToJson(),
        json =>
        {
            var saved = SavedDiagnosis.Of(json);
            var seen = WatcherJson.Whole(saved.Seen, "findings");
            History.Restore(WatcherJson.Whole(saved.Beginning, "steps"), WatcherJson.Whole(saved.Steps, "steps"),
                WatcherJson.Whole(saved.Evaluations, "evaluations"));
            _seen.Clear();
            foreach (var (rule, subject, at) in seen) _seen[(rule, subject)] = at;
            _observed = saved.Observed;
        });

    private void Look(long step)
    {
        foreach (var rule in _rules)
        {
            foreach (var finding in rule.Look(History))
            {
                var key = (rule.Name, finding.Subject);
                var known = _seen.TryGetValue(key, out var last) && _observed - last <= Quiet;
                _seen[key] = _observed;
                if (!known) _say(new Diagnosis(step, rule.Name, finding));
            }
        }
    }
}
