using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Rewards;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>
/// Subtracts coefficient × KL(π_old ‖ π_ref) from the reward of every rollout, as PPO for language models does (arXiv 1909.08593), instead of adding it to
/// the loss: a component <c>reference_kl</c> whose value is −Σ_t of the estimate.
/// </summary>
/// <remarks>
/// Labels were not drawn from the policy, so a log-ratio on them estimates no KL: there the component does not apply. Costs a scoring pass of the
/// policy and one of the reference before the advantages are known.
/// </remarks>
/// <param name="reference">Scores without gradient: a frozen copy, the policy with its adapter off, or a moving average. Stays the caller's.</param>
/// <param name="coefficient">β of each step, at least 0; a controller is <c>_ =&gt; adaptive.Value</c>. verl's default is 1e-3.</param>
/// <param name="estimator">Null for <see cref="KlEstimators.K1"/>, which is unbiased.</param>
public sealed class RewardKl(IPolicy reference, CoefficientSchedule coefficient, KlEstimator? estimator = null) : IDescribed, IWrapper
{
    /// <summary>Name of the component.</summary>
    public const string ComponentName = "reference_kl";

    private readonly FrozenPolicy _reference = new(reference);
    private readonly CoefficientSchedule _coefficient = Guard.NotNull(coefficient);
    private readonly KlEstimator _estimator = estimator ?? KlEstimators.K1;

    string IDescribed.Description
        => $"RewardKl({ScheduleText.Of(_coefficient.Invoke)}, {Descriptions.Of(_estimator)}, {Descriptions.Of(_reference)})";

    IEnumerable<object> IWrapper.Inner => [_reference];

    /// <summary>The groups with the component added.</summary>
    /// <param name="groups">Scored groups.</param>
    /// <param name="prompts">Their prompts, in the same order.</param>
    /// <param name="policy">The policy that drew the rollouts.</param>
    /// <param name="options">Temperature and micro-batch budget.</param>
    /// <param name="step">For the coefficient.</param>
    public IReadOnlyList<ScoredGroup> Apply(
        IReadOnlyList<ScoredGroup> groups, IReadOnlyList<EncodedPrompt> prompts, IPolicy policy, TrainerOptions options, long step)
    {
        Guard.NotNull(groups);
        Guard.NotNull(options);
        var weight = Guard.NotNegative(_coefficient(step));
        var frozen = new FrozenPolicy(policy);
        var rows = groups.SelectMany((group, q) => group.Group.Rollouts.Select(c => new TrainingRow(q, c, 0, 0))).ToArray();
        var batcher = new MicroBatcher(options.MicroBatchTokens, options.MicroBatchRows, frozen.Layout);
        var kl = new Dictionary<object, double>(ReferenceEqualityComparer.Instance);
        foreach (var batch in batcher.Split(rows, [.. Guard.NotNull(prompts).Select(p => p.TokenIds.Count)]))
            foreach (var (row, value) in batch.Zip(Estimates(batch, prompts, frozen, options.Temperature))) kl.Add(row.Completion, value);
        return groups.Select(group => group with
        {
            Scores = group.Scores.Select((score, i) =>
            {
                double? value = kl.TryGetValue(group.Group.Completions[i], out var found) ? -found : null;
                return score with { Components = [.. score.Components, new RewardComponent(ComponentName, value, weight, Maximum: 0)] };
            }).ToArray(),
        }).ToArray();
    }

    private double[] Estimates(IReadOnlyList<TrainingRow> rows, IReadOnlyList<EncodedPrompt> prompts, FrozenPolicy policy, double temperature)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var batch = MicroBatch.Build(rows, prompts, temperature);
        using var ours = policy.Score(batch.Sequences);
        using var theirs = _reference.Score(batch.Sequences);
        var mask = batch.Sequences.CompletionMask.to(ours.LogProbs.device);
        var logRatio = MaskedReduce.Fill(theirs.LogProbs.to(ours.LogProbs.device).to(ours.LogProbs.dtype) - ours.LogProbs, mask);
        return MaskedReduce.RowSums(_estimator(logRatio), mask).squeeze(1).to(ScalarType.Float64).cpu().data<double>().ToArray();
    }
}
