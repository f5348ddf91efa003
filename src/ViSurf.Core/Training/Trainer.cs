using System.Text.Json.Nodes;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Training;

/// <summary>
/// One step after another: examples in, a report out. Only sugar: every stage it calls is public, and a loop of one's own may call them
/// in another way. Not thread-safe; gradients are summed over micro-batches, so "gradient accumulation" is just a larger step.
/// </summary>
/// <remarks>
/// The trainer never switches the policy between train and eval mode. Leave dropout off (<c>policy.Module.eval()</c> does that and keeps
/// gradients): with dropout, rollouts and scores come from different networks.
/// </remarks>
public sealed class Trainer
{
    private readonly TrainerParts _parts;
    private readonly TrainerOptions _options;
    private readonly MicroBatcher _batcher;
    private readonly RolloutRounds _rollouts;
    private readonly PolicyUpdater _updater;
    private int _steps;
    private bool _looked;

    /// <summary>Puts the parts together.</summary>
    /// <param name="parts">See <see cref="TrainerParts.ViSurf"/>, <see cref="TrainerParts.Grpo"/> and <see cref="TrainerParts.Sft"/>.</param>
    /// <param name="options">Null means the defaults.</param>
    /// <param name="stepsTaken">Steps of the run so far, when it is resumed: part of the address of every random number.</param>
    /// <exception cref="ArgumentException">Parts or options do not fit together; the message says which and why.</exception>
    public Trainer(TrainerParts parts, TrainerOptions? options = null, long stepsTaken = 0)
    {
        _parts = Guard.NotNull(parts).Validated();
        _options = options ?? new TrainerOptions();
        GroupOfOne.Refuse(_parts, _options);
        if (Wrappers.FindAll<AutoregressiveSampler>(_parts.Sampler).Select(s => (double?)s.Options.ScoringTemperature)
            .FirstOrDefault(t => t != _options.Temperature) is { } temperature)
            throw new ArgumentException(
                $"Expected the sampler's temperature in TrainerOptions.Temperature, got {_options.Temperature} and a sampler at {temperature}: "
                + "rollouts must be scored at the temperature they were drawn at.", nameof(options));
        _batcher = new MicroBatcher(_options.MicroBatchTokens, _options.MicroBatchRows, _parts.Policy.Layout);
        _rollouts = new RolloutRounds(_parts, _options);
        _updater = new PolicyUpdater(_parts.Policy, _parts.Objective, _parts.Optimizer, _options, _parts.Reference, _parts.Focus);
        StepsTaken = Guard.NotNegative(stepsTaken);
    }

    /// <summary>What it is made of.</summary>
    public TrainerParts Parts => _parts;

    /// <summary>Sizes, limits and the seed.</summary>
    public TrainerOptions Options => _options;

    /// <summary>Steps made so far, skipped ones included.</summary>
    public long StepsTaken { get; private set; }

    /// <summary>Updates skipped because a loss or gradient was not finite.</summary>
    public long SkippedUpdates { get; private set; }

    /// <summary>Whom to tell what <see cref="TrainerParts.Say"/> is told, when that is nobody.</summary>
    internal Action<string>? Say { get; set; }

    /// <summary>Rolls out, judges and learns from the given examples.</summary>
    /// <param name="examples">At least one.</param>
    /// <param name="cancellation">
    /// Checked at every token and micro-batch until the first update is made: a cancelled step changes no weight, and made again it is the same step. Once
    /// an update is made, the other <see cref="TrainerOptions.UpdatesPerRollout"/> of the step are made too.
    /// </param>
    /// <exception cref="ArgumentException">There are no examples, or one has nothing to train on.</exception>
    /// <exception cref="InvalidDataException">A prompt is longer than <see cref="TrainerOptions.MaxPromptTokens"/>; names the example.</exception>
    /// <exception cref="InvalidOperationException">
    /// A step is in progress already, or a part returned what cannot be used; the message says which.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The optimizer, the policy or an adapter has been disposed.</exception>
    public StepReport Step(IReadOnlyList<VisionExample> examples, CancellationToken cancellation = default)
    {
        if (Interlocked.Increment(ref _steps) > 1)
        {
            Interlocked.Decrement(ref _steps);
            throw new InvalidOperationException(
                "Expected one step at a time, got a call of Trainer.Step while another is in progress: from a reward, a sampler, "
                    + "an action after the step, or another thread. "
                + "Let the step end first, or give each thread a trainer of its own.");
        }
        try
        {
            _parts.Optimizer.Alive();
            return Make(examples, cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _steps);
        }
    }

    private StepReport Make(IReadOnlyList<VisionExample> examples, CancellationToken cancellation)
    {
        using var scope = torch.NewDisposeScope();
        var clock = new PhaseClock();
        using var prompts = new PromptShelf(_parts.Encoder, _options.MaxPromptTokens);
        LookAtMemory(prompts.Of(Checked(examples)));                                 // EncodedPrompt per example
        var encode = clock.Lap();
        var rolled = _rollouts.Run(examples, prompts, StepsTaken, cancellation);     // groups with their labels, scored and controlled
        clock.Lap();
        var selected = _parts.Groups.Select(rolled.Controlled);                      // managed from here …
        var advantages = _parts.Estimator(selected.Groups);
        var rows = UpdatePlan.RowsOf(selected.Groups, advantages);
        var encoded = prompts.Of([.. selected.Groups.Select(group => group.Group.Example)]);
        var lengths = encoded.Select(prompt => prompt.TokenIds.Count).ToArray();
        var plan = UpdatePlan.Create(rows, lengths, _batcher, _options.MaxNewTokens, _parts.SkipNeutralGroups) with { Step = StepsTaken };
        var reward = rolled.RewardSeconds + clock.Lap();
        var updates = _updater.Run(plan, encoded, cancellation);                     // … to here
        SkippedUpdates += updates.Count(update => update.Skipped is not null);
        var trained = rolled.Scored.Select((group, q) => new TrainedGroup(group, selected.Groups[q], advantages[q])).ToArray();
        var report = new StepReport
        {
            Step = StepsTaken++,
            Groups = trained,
            Rewards = StepSummaries.Rewards(trained),
            Lengths = StepSummaries.Lengths(trained, lengths),
            Updates = updates,
            SkippedUpdates = SkippedUpdates,
            SkippedGroups = [.. rolled.Replaced, .. selected.Skipped, .. Neutral(trained)],
            Memory = StepMemory.Now(_parts.Optimizer.Device),
            Times = new StepTimes(encode, rolled.RolloutSeconds, reward, clock.Lap()),
        };
        foreach (var action in _parts.AfterStep) action(report);
        return report;
    }

    /// <summary>A step for each batch, in order.</summary>
    /// <param name="batches">Ends the run when it ends.</param>
    /// <param name="onStep">Sees each report: log it, plot it, evaluate, save a checkpoint.</param>
    /// <param name="cancellation">See <see cref="Step"/>.</param>
    public void Run(IEnumerable<IReadOnlyList<VisionExample>> batches, Action<StepReport>? onStep = null, CancellationToken cancellation = default)
    {
        foreach (var batch in Guard.NotNull(batches))
        {
            var report = Step(batch, cancellation);
            onStep?.Invoke(report);
        }
    }

    private void LookAtMemory(IReadOnlyList<EncodedPrompt> prompts)
    {
        if (_looked) return;
        _looked = true;
        if ((_parts.Say ?? Say) is { } say && MemoryCheck.Warning(_parts, _options, prompts) is { } warning) say(warning);
    }

    /// <summary>The counters, for a checkpoint.</summary>
    internal CheckpointPart Counters() => CheckpointPart.Of("trainer",
        () => new JsonObject { ["steps"] = StepsTaken, ["skipped_updates"] = SkippedUpdates },
        saved => (StepsTaken, SkippedUpdates) = ((long)saved!["steps"]!, (long)saved["skipped_updates"]!));

    private IReadOnlyList<VisionExample> Checked(IReadOnlyList<VisionExample> examples)
    {
        if (Guard.NotNull(examples).Count == 0) throw new ArgumentException("Expected at least one example, got none.", nameof(examples));
        if (_parts.Sampler is null && examples.FirstOrDefault(e => e.Target is null) is { } bare)
            throw new ArgumentException($"Expected a label for example '{bare.Id}': without a sampler there is nothing else to train on.", nameof(examples));
        return examples;
    }

    private IEnumerable<SkippedGroup> Neutral(IReadOnlyList<TrainedGroup> groups)
        => groups.Where(group => _parts.SkipNeutralGroups && group.Advantages.Count > 0 && group.IsNeutral)
            .Select(group => new SkippedGroup(group.Controlled.Group.Example.Id, "every advantage is 0"));
}
