using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Training;

/// <summary>
/// The tensor half of a step: score the rows, sum the gradients of the micro-batches, clip, update. Numbers are read back from the
/// device once per update, after the last micro-batch.
/// </summary>
/// <param name="policy">The policy to train. Its train or eval mode is left as it is: dropout in train mode makes ρ differ from 1.</param>
/// <param name="objective">The loss.</param>
/// <param name="optimizer">Holds the policy's parameters.</param>
/// <param name="options">Temperature, updates per rollout, gradient norm.</param>
/// <param name="reference">Scores every row once per step for a KL term; null leaves <see cref="UpdateBatch.ReferenceLogProbs"/> null.</param>
/// <param name="focus">The tokens that the policy term acts on; null for all.</param>
public sealed class PolicyUpdater(
    IPolicy policy, IObjective objective, AdamWOptimizer optimizer, TrainerOptions options, IPolicy? reference = null, TokenFocus? focus = null)
{
    private const string Loss = "loss", Norm = "gradient_norm";

    private readonly IPolicy _policy = Guard.NotNull(policy);
    private readonly IObjective _objective = Guard.NotNull(objective);
    private readonly AdamWOptimizer _optimizer = Guard.NotNull(optimizer);
    private readonly TrainerOptions _options = Guard.NotNull(options);
    private readonly GradientSplit _split = new(policy, objective, optimizer, options);

    /// <summary>Makes <see cref="TrainerOptions.UpdatesPerRollout"/> updates over the same rows.</summary>
    /// <returns>
    /// One report per update: none when the plan has no rows; fewer than asked when one is skipped, since the same weights on the same
    /// rows would be skipped again.
    /// </returns>
    /// <param name="plan">The rows.</param>
    /// <param name="prompts">Their prompts.</param>
    /// <param name="cancellation">
    /// Checked at every micro-batch until the first update is made, so that a cancelled call has changed nothing; the updates that remain then are made.
    /// </param>
    /// <remarks>Gradients are freed on the way out, also when something throws.</remarks>
    public IReadOnlyList<UpdateReport> Run(UpdatePlan plan, IReadOnlyList<EncodedPrompt> prompts, CancellationToken cancellation = default)
    {
        Guard.NotNull(plan);
        Guard.NotNull(prompts);
        var reports = new List<UpdateReport>();
        using var scope = NewDisposeScope();
        try
        {
            _optimizer.ZeroGradients();
            var frozen = FrozenScores.Of(plan, prompts, _policy, reference, focus, _options, cancellation);
            for (var u = 0; u < _options.UpdatesPerRollout && plan.MicroBatches.Count > 0; u++)
            {
                reports.Add(Update(plan, prompts, frozen, first: u == 0, u == 0 ? cancellation : CancellationToken.None));
                if (reports[^1].Skipped is not null) break;
            }
        }
        finally
        {
            _optimizer.ZeroGradients();
        }
        return reports;
    }

    private UpdateReport Update(
        UpdatePlan plan, IReadOnlyList<EncodedPrompt> prompts, FrozenScores[] frozen, bool first, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var ledger = new ScalarLedger();
        if (first && _split.IsDue(plan.Step)) _split.Measure(plan, prompts, frozen, ledger, cancellation);
        for (var m = 0; m < plan.MicroBatches.Count; m++)
        {
            cancellation.ThrowIfCancellationRequested();
            Accumulate(plan, prompts, frozen[m], m, first, ledger);
        }
        ledger.Add(Norm, -1, _optimizer.GradientNorm());
        var rate = _optimizer.NextLearningRate;
        var numbers = ledger.Read();
        var norm = numbers[^1].Value;
        var skipped = Skip(plan, prompts, numbers);
        if (skipped is null) _optimizer.Step(AdamWOptimizer.ClipScale(norm, _options.MaxGradientNorm));
        _optimizer.ZeroGradients();
        var metrics = numbers.SkipLast(1).Where(n => n.Name != Loss).GroupBy(n => n.Name).ToDictionary(g => g.Key, ScoreMetrics.Combine);
        return new UpdateReport(numbers.Where(n => n.Name == Loss).Sum(n => n.Value), norm, rate, metrics, skipped);
    }

    private void Accumulate(
        UpdatePlan plan, IReadOnlyList<EncodedPrompt> prompts, FrozenScores frozen, int index, bool first, ScalarLedger ledger)
    {
        using var scope = NewDisposeScope();
        using var grad = enable_grad();
        using var batch = MicroBatch.Build(plan.MicroBatches[index], prompts, _options.Temperature, _options.WithEntropy);
        using var scores = _policy.Score(batch.Sequences);
        if (!scores.LogProbs.requires_grad)
            throw new InvalidOperationException(
                "Expected scores with gradient, got detached ones. The policy's Score must be differentiable and its module must have trainable parameters.");
        using var update = batch.Update(plan.Scale, scores.LogProbs.device, frozen.Old, frozen.Reference, frozen.PolicyTokens, plan.Step);
        using var result = _objective.Evaluate(scores, update);
        ledger.Add(Loss, index, result.Loss);
        foreach (var (name, value) in result.Metrics) ledger.Add(name, index, value);
        ScoreMetrics.Add(plan, batch, scores, update, index, first, ledger);
        // An objective may return a constant for rows it has nothing to say about; the gradient of a constant is 0.
        if (result.Loss.requires_grad) scores.Backward(result.Loss);
    }

    /// <summary>Why an update must not be made, or null. A bad gradient with finite losses cannot be traced to a micro-batch for free.</summary>
    private static SkippedUpdate? Skip(
        UpdatePlan plan, IReadOnlyList<EncodedPrompt> prompts, IReadOnlyList<(string Name, int MicroBatch, double Value)> numbers)
    {
        var bad = numbers.Where(n => n.Name == Loss && !double.IsFinite(n.Value)).Select(n => n.MicroBatch).ToHashSet();
        if (bad.Count == 0 && double.IsFinite(numbers[^1].Value)) return null;
        var rows = bad.Count > 0 ? bad.SelectMany(m => plan.MicroBatches[m]) : plan.Rows;
        var ids = rows.Select(row => prompts[row.PromptIndex].Example.Id).Distinct().ToArray();
        return new SkippedUpdate(bad.Count > 0 ? "loss is not finite" : "gradient norm is not finite", ids);
    }
}
