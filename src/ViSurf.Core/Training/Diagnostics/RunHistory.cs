using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Diagnostics;

/// <summary>An evaluation as rules remember it.</summary>
/// <param name="Step">The step it followed.</param>
/// <param name="Metrics">By name.</param>
/// <param name="Reward">Mean of the metric <c>reward</c> over the ten steps before it; null without any.</param>
public sealed record EvaluationObservation(long Step, IReadOnlyDictionary<string, double> Metrics, double? Reward);

/// <summary>The last steps and evaluations of a run, oldest first, and how it began: what rules look at. Bounded, whatever the length of the run.</summary>
public sealed class RunHistory
{
    /// <summary>Steps and evaluations that are remembered.</summary>
    public const int Capacity = 64;

    /// <summary>Steps that count as the beginning.</summary>
    public const int Opening = 5;

    private const int RewardWindow = 10;

    private readonly List<StepObservation> _beginning = [], _steps = [];
    private readonly List<EvaluationObservation> _evaluations = [];

    /// <summary>The first <see cref="Opening"/> steps that were seen.</summary>
    public IReadOnlyList<StepObservation> Beginning => _beginning;

    /// <summary>The last <see cref="Capacity"/> steps, oldest first.</summary>
    public IReadOnlyList<StepObservation> Steps => _steps;

    /// <summary>The last <see cref="Capacity"/> evaluations, oldest first.</summary>
    public IReadOnlyList<EvaluationObservation> Evaluations => _evaluations;

    /// <summary>The last <paramref name="count"/> steps; empty while there are fewer.</summary>
    public IReadOnlyList<StepObservation> Last(int count) => _steps.Count < count ? [] : _steps[^count..];

    /// <summary>Remembers what another history did.</summary>
    internal void Restore(IReadOnlyList<StepObservation> beginning, IReadOnlyList<StepObservation> steps, IReadOnlyList<EvaluationObservation> evaluations)
    {
        _beginning.Clear();
        _beginning.AddRange(beginning);
        _steps.Clear();
        _steps.AddRange(steps);
        _evaluations.Clear();
        _evaluations.AddRange(evaluations);
    }

    /// <summary>Remembers a step.</summary>
    public void Add(StepObservation step)
    {
        if (_beginning.Count < Opening) _beginning.Add(step);
        _steps.Add(step);
        if (_steps.Count > Capacity) _steps.RemoveAt(0);
    }

    /// <summary>Remembers an evaluation.</summary>
    public void Add(long step, IReadOnlyDictionary<string, double> metrics)
    {
        var rewards = _steps.TakeLast(RewardWindow).Select(s => s.Find("reward")).OfType<double>();
        _evaluations.Add(new EvaluationObservation(step, metrics, rewards.MeanOrNull()));
        if (_evaluations.Count > Capacity) _evaluations.RemoveAt(0);
    }
}
