using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;

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
    private readonly PolicyUpdater _updater;

    /// <summary>Puts the parts together.</summary>
    /// <param name="parts">See <see cref="TrainerParts.ViSurf"/>, <see cref="TrainerParts.Grpo"/> and <see cref="TrainerParts.Sft"/>.</param>
    /// <param name="options">Null means the defaults.</param>
    /// <param name="stepsTaken">Steps of the run so far, when it is resumed: part of the address of every random number.</param>
    /// <exception cref="ArgumentException">Parts or options do not fit together; the message says which and why.</exception>
    public Trainer(TrainerParts parts, TrainerOptions? options = null, long stepsTaken = 0)
    {
        _parts = Guard.NotNull(parts).Validated();
        _options = options ?? new TrainerOptions();
        if (_parts.Sampler is AutoregressiveSampler { Options.ScoringTemperature: var temperature } && temperature != _options.Temperature)
            throw new ArgumentException(
                $"Expected the sampler's temperature in TrainerOptions.Temperature, got {_options.Temperature} and a sampler at {temperature}: "
                + "rollouts must be scored at the temperature they were drawn at.", nameof(options));
        _batcher = new MicroBatcher(_options.MicroBatchTokens, _options.MicroBatchRows);
        _updater = new PolicyUpdater(_parts.Policy, _parts.Objective, _parts.Optimizer, _options, _parts.Reference);
        StepsTaken = Guard.NotNegative(stepsTaken);
    }

    /// <summary>Steps made so far, skipped ones included.</summary>
    public long StepsTaken { get; private set; }

    /// <summary>Updates skipped because a loss or gradient was not finite.</summary>
    public long SkippedUpdates { get; private set; }

    /// <summary>Rolls out, judges and learns from the given examples.</summary>
    /// <param name="examples">At least one.</param>
    /// <param name="cancellation">Checked at every token and micro-batch; a cancelled step changes no weight unless an update was already made.</param>
    /// <exception cref="ArgumentException">There are no examples, or one has nothing to train on.</exception>
    /// <exception cref="InvalidDataException">A prompt is longer than <see cref="TrainerOptions.MaxPromptTokens"/>; names the example.</exception>
    public StepReport Step(IReadOnlyList<VisionExample> examples, CancellationToken cancellation = default)
    {
        using var scope = torch.NewDisposeScope();
        var clock = new PhaseClock();
        var prompts = Encode(examples);                                                  // EncodedPrompt per example
        try
        {
            var encode = clock.Lap();
            var samples = Sample(prompts, cancellation);                                 // token ids, prompt-major
            var groups = RolloutGroups.Assemble(examples, samples, _parts.Encoder).Select(AddLabel).ToArray();
            var rollout = clock.Lap();
            var scored = groups.Select(Score).ToArray();                                 // managed from here …
            var controlled = scored.Select(_parts.Controller.Control).ToArray();
            var advantages = _parts.Estimator(controlled);
            var rows = UpdatePlan.RowsOf(controlled, advantages, samples);
            var lengths = prompts.Select(prompt => prompt.TokenIds.Count).ToArray();
            var plan = UpdatePlan.Create(rows, lengths, _batcher, _options.MaxNewTokens, _parts.SkipNeutralGroups);
            var reward = clock.Lap();
            var updates = _updater.Run(plan, prompts, cancellation);                     // … to here
            SkippedUpdates += updates.Count(update => update.Skipped is not null);
            var trained = scored.Select((group, q) => new TrainedGroup(group, controlled[q], advantages[q])).ToArray();
            return new StepReport
            {
                Step = StepsTaken++,
                Groups = trained,
                Rewards = StepSummaries.Rewards(trained),
                Lengths = StepSummaries.Lengths(trained, lengths),
                Updates = updates,
                SkippedUpdates = SkippedUpdates,
                Times = new StepTimes(encode, rollout, reward, clock.Lap()),
            };
        }
        finally
        {
            foreach (var prompt in prompts) prompt.Dispose();
        }
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

    private IReadOnlyList<EncodedPrompt> Encode(IReadOnlyList<VisionExample> examples)
    {
        if (Guard.NotNull(examples).Count == 0) throw new ArgumentException("Expected at least one example, got none.", nameof(examples));
        if (_parts.Sampler is null && examples.FirstOrDefault(e => e.Target is null) is { } bare)
            throw new ArgumentException($"Expected a label for example '{bare.Id}': without a sampler there is nothing else to train on.", nameof(examples));
        return Prompts.Encode(_parts.Encoder, examples, _options.MaxPromptTokens);
    }

    private IReadOnlyList<SampledTokens> Sample(IReadOnlyList<EncodedPrompt> prompts, CancellationToken cancellation)
    {
        if (_parts.Sampler is null) return [];
        using var grad = torch.no_grad();
        using var batch = Collator.Prompts(prompts);
        return _parts.Sampler.Sample(_parts.Policy, batch,
            new RolloutRequest(_options.GroupSize, _options.MaxNewTokens, _options.Seed, StepsTaken, cancellation));
    }

    private RolloutGroup AddLabel(RolloutGroup group) => _parts.Demonstrations?.Inject(group) ?? group;

    private ScoredGroup Score(RolloutGroup group)
        => _parts.Suite?.Score(group) ?? new ScoredGroup(group, group.Completions.Select(_ => new CompletionScore([])).ToArray());
}
