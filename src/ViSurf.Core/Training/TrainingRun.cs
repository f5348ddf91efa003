using System.Text.Json.Nodes;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Policies;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Training;

/// <summary>
/// A run of a trainer over a stream of examples that can be interrupted at any moment and goes on exactly: N steps, and k steps, a resume and N − k
/// steps, give the same weights and metrics, on the CPU bit for bit.
/// </summary>
/// <remarks>
/// It is exact because a step is a function of the state at its beginning: rollouts depend on (seed, step, prompt, copy, position) only. Checkpoints are
/// written between steps, where nothing is pending: rollouts are used up within their step, whatever <see cref="TrainerOptions.UpdatesPerRollout"/> is, and
/// what stays for later steps (a replay buffer) is the state of a part. So a step that was cancelled is thrown away, half of its gradients included,
/// and made again from its beginning.
/// </remarks>
public sealed class TrainingRun
{
    private readonly Trainer _trainer;
    private readonly IExampleStream _examples;
    private readonly TrainingRunOptions _options;
    private readonly CheckpointStore? _store;
    private readonly CheckpointWeights _weights;
    private readonly CheckpointPart[] _parts;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private IReadOnlyDictionary<string, double> _metrics = new Dictionary<string, double>();
    private long _evaluated = -1, _saved = -1, _savedEvaluation = -1;

    /// <summary>Puts the run together; nothing happens yet.</summary>
    /// <param name="trainer">Makes the steps.</param>
    /// <param name="examples">Hands out <see cref="TrainerOptions.PromptsPerStep"/> examples a step.</param>
    /// <param name="options">How long, and what happens in between.</param>
    /// <param name="store">Where checkpoints go; null for none.</param>
    /// <param name="weights">How the trained weights are saved; null for the parameters and buffers of the policy's module by their own names.</param>
    /// <exception cref="ArgumentException">A part of the trainer has state that nothing saves.</exception>
    public TrainingRun(Trainer trainer, IExampleStream examples, TrainingRunOptions options, CheckpointStore? store = null, CheckpointWeights? weights = null)
    {
        (_trainer, _examples, _options, _store) = (Guard.NotNull(trainer), Guard.NotNull(examples), Guard.NotNull(options), store);
        trainer.Say = options.Say;
        var parts = trainer.Parts;
        if (store is not null && parts.State.Count == 0 && Unsaved(parts) is { } unsaved)
            throw new ArgumentException($"Expected TrainerParts.State to say how the {unsaved} is saved, got nothing: "
                + $"a resumed run would begin with a fresh one.", nameof(trainer));
        _weights = weights ?? CheckpointWeights.Of(parts.Policy.Module);
        _parts =
        [
            trainer.Counters(),
            parts.Optimizer.AsPart(),
            CheckpointPart.Of("data", () => examples.Position, position => examples.Position = (string)position!),
            CheckpointPart.Of("evaluation", () => _evaluated, step => _evaluated = (long)step!),
            .. Wrappers.Find<MovingAveragePolicy>(parts.Reference) is { } average ? [CheckpointPart.OfModule("reference", average.Module)]
                : Array.Empty<CheckpointPart>(),
            .. parts.State,
        ];
        var settings = new SortedDictionary<string, string>(RunSettings.Of(parts, trainer.Options).ToDictionary(), StringComparer.Ordinal);
        foreach (var (name, value) in options.Settings)
            if (!settings.TryAdd(name, value))
                throw new ArgumentException($"Expected settings of one's own under names of their own, got '{name}', which the run records itself. Choose another.", nameof(options));
        _settings = settings;
    }

    /// <summary>
    /// Goes on from a checkpoint: weights, optimizer, data and everything else are brought to where they were. An evaluation that was made at that step
    /// is announced again (<see cref="TrainingRunOptions.AfterEvaluation"/>).
    /// </summary>
    /// <param name="checkpoint">Null for the newest of the store.</param>
    /// <returns>The checkpoint; null when there is none yet, and the run begins.</returns>
    /// <exception cref="InvalidDataException">
    /// It, or with null any of the store, is damaged (names directory and file), or it is of another model (lists the parameters), of other
    /// options (lists them) or of other parts. Nothing has been loaded then.
    /// </exception>
    public Checkpoint? Resume(Checkpoint? checkpoint = null)
    {
        if ((checkpoint ?? _store?.Latest()) is not { } from) return null;
        // Chosen by hand: what lies beside it and cannot be read is said all the same.
        if (checkpoint is not null && _store is not null)
            foreach (var damaged in CheckpointStore.ScanDamaged(_store.Directory)) _options.Say?.Invoke(damaged.ToString());
        ModelShape.Of(_trainer.Parts.Policy.Module).EnsureSame(from.Model, from.Directory);
        RunSettings.EnsureSame(from.Settings, _settings, _options.MayDiffer, from.Directory);
        from.Verify();
        from.Restore(_weights, _parts);
        (_metrics, _saved, _savedEvaluation) = (from.Metrics, from.Step, _evaluated);
        foreach (var (name, saved, now) in RunSettings.Differences(from.Settings, _settings)) _options.Say?.Invoke($"{name}: '{saved}' in the checkpoint, '{now}' from now on");
        foreach (var watcher in _options.Watchers) Restore(watcher, from);
        // Whatever watches the run dropped what it had from this step on; this evaluation is not made again.
        if (_evaluated == from.Step) _options.AfterEvaluation?.Invoke(from.Step, _metrics);
        return from;
    }

    /// <summary>Makes the steps that remain.</summary>
    /// <param name="cancellation">
    /// Ends the run after the current token or micro-batch, or, once a step has made its first update, at the end of that step; with a checkpoint.
    /// </param>
    /// <exception cref="IOException">A checkpoint could not be written; earlier ones are as they were.</exception>
    public RunOutcome Run(CancellationToken cancellation = default)
    {
        while (true)
        {
            Evaluate(cancellation);
            var over = _trainer.StepsTaken >= _options.Steps || cancellation.IsCancellationRequested;
            if (over || IsDue(_options.SaveEvery) || (_evaluated == _trainer.StepsTaken && _store?.IsBest(_metrics) == true)) Save();
            if (over) break;
            Step(cancellation);
        }
        return new RunOutcome(_trainer.StepsTaken, _trainer.StepsTaken < _options.Steps, _store?.Newest(), _store?.Best());
    }

    /// <summary>State that stays for later steps and that nothing but <see cref="TrainerParts.State"/> saves.</summary>
    private static string? Unsaved(TrainerParts parts)
        => Wrappers.Find<ReplayBuffer>(parts.Groups) is not null ? "ReplayBuffer in Groups"
            : Wrappers.FindAll<MovingAveragePolicy>(parts.RewardKl).Except(Wrappers.FindAll<MovingAveragePolicy>(parts.Reference)).Any()
                ? "moving average in RewardKl"
            : null;

    /// <summary>Training does not stop because something that only looks on cannot remember.</summary>
    private void Restore(CheckpointPart watcher, Checkpoint from)
    {
        try
        {
            if (!from.RestoreWatcher(watcher)) _options.Say?.Invoke($"{watcher.Key}: begins anew at step {from.Step}, the checkpoint '{from.Directory}' has nothing of the steps before");
        }
        catch (InvalidDataException e)
        {
            _options.Say?.Invoke($"{watcher.Key}: begins anew at step {from.Step}, what the checkpoint '{from.Directory}' has of the steps before cannot be read: {e.Message}");
        }
    }

    private void Step(CancellationToken cancellation)
    {
        var border = new StepBorder(_examples, _trainer.Parts.State);
        StepReport report;
        try
        {
            report = _trainer.Step(_examples.Next(_trainer.Options.PromptsPerStep), cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            border.Return();
            return;
        }
        _options.AfterStep?.Invoke(report);
    }

    private void Evaluate(CancellationToken cancellation)
    {
        var step = _trainer.StepsTaken;
        if (_options.Evaluate is null || _evaluated == step || cancellation.IsCancellationRequested) return;
        if (step != 0 && step < _options.Steps && !IsDue(_options.EvaluateEvery)) return;
        try
        {
            _metrics = _options.Evaluate(step, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
        _evaluated = step;
        _options.AfterEvaluation?.Invoke(step, _metrics);
    }

    private void Save()
    {
        var step = _trainer.StepsTaken;
        // A step is saved again when it was measured since: its evaluation had been cancelled, and the run went on.
        if (_store is null || step == 0 || (step == _saved && _evaluated == _savedEvaluation)) return;
        var checkpoint = _store.Save(new CheckpointContent
        {
            Step = step,
            Weights = _weights,
            Model = ModelShape.Of(_trainer.Parts.Policy.Module),
            Parts = _parts,
            Watchers = _options.Watchers,
            Metrics = _evaluated == step ? _metrics : new Dictionary<string, double>(),
            Settings = _settings,
        });
        (_saved, _savedEvaluation) = (step, _evaluated);
        _options.AfterSave?.Invoke(checkpoint);
    }

    private bool IsDue(long every) => every > 0 && _trainer.StepsTaken % every == 0;
}
