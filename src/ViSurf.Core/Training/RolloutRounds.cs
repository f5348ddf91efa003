using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;

namespace ViSurf.Core.Training;

/// <summary>What the rollouts of a step came to.</summary>
/// <param name="Scored">One group per example, as the rewards judged it; of another example where one was rolled out in its place.</param>
/// <param name="Controlled">The same groups after reward control.</param>
/// <param name="Replaced">Groups that were rolled out again.</param>
/// <param name="RolloutSeconds">Time of sampling and decoding to text.</param>
/// <param name="RewardSeconds">Time of rewards and control.</param>
public sealed record RolledOut(
    IReadOnlyList<ScoredGroup> Scored, IReadOnlyList<ScoredGroup> Controlled, IReadOnlyList<SkippedGroup> Replaced, double RolloutSeconds, double RewardSeconds);

/// <summary>The first half of a step: sample, add the label, score, control; and again where <see cref="TrainerParts.RollAgain"/> asks for it.</summary>
/// <param name="parts">Sampler, labels, rewards, control.</param>
/// <param name="options">Group size, limits, seed.</param>
public sealed class RolloutRounds(TrainerParts parts, TrainerOptions options)
{
    private readonly TrainerParts _parts = Guard.NotNull(parts);
    private readonly TrainerOptions _options = Guard.NotNull(options);

    /// <summary>Rolls out and judges one group per example.</summary>
    /// <param name="examples">The step's examples.</param>
    /// <param name="prompts">Encodes them, and whatever takes their place.</param>
    /// <param name="step">Part of the address of every random number.</param>
    /// <param name="cancellation">Checked at every token.</param>
    public RolledOut Run(IReadOnlyList<VisionExample> examples, PromptShelf prompts, long step, CancellationToken cancellation = default)
    {
        Guard.NotNull(examples);
        Guard.NotNull(prompts);
        var (scored, controlled) = (new ScoredGroup[examples.Count], new ScoredGroup[examples.Count]);
        var replaced = new List<SkippedGroup>();
        var clock = new PhaseClock();
        var (rollout, reward) = (0.0, 0.0);
        var pending = examples.Select((example, q) => (Place: q, Example: example)).ToList();
        for (var attempt = 0; pending.Count > 0; attempt++)
        {
            var groups = Sample([.. pending.Select(p => p.Example)], prompts, step, attempt, cancellation);
            rollout += clock.Lap();
            var judged = Score(groups, prompts, step, cancellation);
            var again = new List<(int, VisionExample)>();
            foreach (var ((place, example), group) in pending.Zip(judged))
            {
                (scored[place], controlled[place]) = (group, _parts.Controller.Control(group));
                if (_parts.RollAgain?.Invoke(examples[place], controlled[place], attempt) is not { } next) continue;
                again.Add((place, next));
                replaced.Add(new SkippedGroup(example.Id, $"{GroupPolicy.UniformReason(controlled[place]) ?? "no rollout is right"}; rolled out again"
                    + (next.Id == example.Id ? "" : $" as '{next.Id}'")));
            }
            pending = again;
            reward += clock.Lap();
        }
        return new RolledOut(scored, controlled, replaced, rollout, reward);
    }

    private RolloutGroup[] Sample(IReadOnlyList<VisionExample> examples, PromptShelf prompts, long step, int attempt, CancellationToken cancellation)
    {
        // First, so that no rollout is drawn for a label that cannot be used.
        var labels = examples.Select(example => _parts.Demonstrations?.Demonstration(example, _options.MaxLabelTokens)).ToArray();
        var samples = Draw(prompts.Of(examples), step, attempt, cancellation);
        return RolloutGroups.Assemble(examples, samples, _parts.Encoder).Select((group, q) => DemonstrationInjector.Join(group, labels[q]))
            .ToArray();
    }

    private IReadOnlyList<SampledTokens> Draw(IReadOnlyList<EncodedPrompt> prompts, long step, int attempt, CancellationToken cancellation)
    {
        if (_parts.Sampler is null) return [];
        using var grad = torch.no_grad();
        using var batch = Collator.Prompts(prompts);
        var seed = attempt == 0 ? _options.Seed : SeedStream.Derive(_options.Seed, "roll out again", attempt);
        var request = new RolloutRequest(_options.GroupSize, _options.MaxNewTokens, seed, step, cancellation);
        return SampledCheck.Ensure(_parts.Sampler.Sample(_parts.Policy, batch, request), _parts.Sampler, _parts.Policy, batch, request);
    }

    private IReadOnlyList<ScoredGroup> Score(RolloutGroup[] groups, PromptShelf prompts, long step, CancellationToken cancellation)
    {
        var scored = _parts.Suite?.Score(groups, cancellation)
            ?? [.. groups.Select(group => new ScoredGroup(group, group.Completions.Select(_ => new CompletionScore([])).ToArray()))];
        return _parts.RewardKl?.Apply(scored, prompts.Of([.. groups.Select(g => g.Example)]), _parts.Policy, _options, step) ?? scored;
    }
}
