using System.Diagnostics;
using Samples.Shared;
using TorchSharp;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Training;

namespace ViSurf.Core.Benchmarks;

/// <summary>Seconds of one step's phases.</summary>
/// <param name="Rollout">Prompts encoded, rollouts sampled.</param>
/// <param name="Score">Log-probabilities of all rows once, without gradient: π_old, had the step several updates. Not part of the step.</param>
/// <param name="Update">Forward with gradient, backward, AdamW.</param>
/// <param name="Step">Everything from examples to updated weights.</param>
internal sealed record StepSeconds(double Rollout, double Score, double Update, double Step);

/// <summary>Operations that the same phases cannot avoid.</summary>
internal sealed record StepFlops(double Rollout, double Score, double Update);

/// <summary>A policy of random weights with its trainer, ready to be timed.</summary>
internal sealed class StepMeasurement : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly BenchmarkOptions _options;
    private readonly Workload _workload;
    private readonly QwenPromptEncoder _encoder;
    private readonly QwenVlPolicy _policy;
    private readonly AdamWOptimizer _optimizer;
    private readonly Trainer _trainer;

    public StepMeasurement(BenchmarkOptions options, Workload workload)
    {
        (_options, _workload) = (options, workload);
        RandomCheckpoint.Write(_folder.Path, workload.Model);
        _encoder = QwenPromptEncoder.Load(_folder.Path);
        _policy = QwenVlPolicy.Initialize(_folder.Path, seed: 1, options.Device);
        _optimizer = new AdamWOptimizer(_policy.Module);
        _trainer = new Trainer(workload.Parts(_encoder, _policy, _optimizer), workload.Options);
    }

    public long Parameters => RandomCheckpoint.Parameters(_policy);

    /// <summary>One step with its phases' seconds.</summary>
    public (StepSeconds Seconds, StepReport Report) Run()
    {
        _options.Synchronize();
        var clock = Stopwatch.StartNew();
        var report = _trainer.Step(_workload.Examples());
        _options.Synchronize();
        var step = clock.Elapsed.TotalSeconds;
        if (report.Skipped is not null || report.Updates.Count != 1 || report.Rewards.NeutralGroups > 0)
            throw new InvalidOperationException($"Expected a step that trains every group once, got '{report}'.");
        var times = report.Times;
        // What the device still had to do when the step returned belongs to the update.
        return (new StepSeconds(times.Encode + times.Rollout, Score(report), times.Update + (step - times.Total), step), report);
    }

    /// <summary>The step again, untimed by phase: for profiles.</summary>
    public void Step()
    {
        _trainer.Step(_workload.Examples());
        _options.Synchronize();
    }

    /// <summary>Counted from the prompts and completions that the step really had.</summary>
    public StepFlops Flops(StepReport report)
    {
        var flops = new Flops(_policy.Config);
        var prompts = Prompts.Encode(_encoder, _workload.Examples());
        try
        {
            double rollout = 0, score = 0;
            for (var q = 0; q < prompts.Count; q++)
            {
                var rows = report.Groups[q].Scored.Group.Completions;
                var (grids, length) = (prompts[q].Grids, prompts[q].TokenIds.Count);
                rollout += flops.Group(grids, length, rows.Where(r => r.Source == Data.CompletionSource.Policy).Select(r => r.TokenIds.Count));
                score += flops.Group(grids, length, rows.Select(r => r.TokenIds.Count));
            }
            return new StepFlops(rollout, score, score * Benchmarks.Flops.ForwardAndBackward);
        }
        finally
        {
            foreach (var prompt in prompts) prompt.Dispose();
        }
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _policy.Dispose();
        _folder.Dispose();
    }

    private double Score(StepReport report)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var prompts = Prompts.Encode(_encoder, _workload.Examples());
        var rows = UpdatePlan.RowsOf([.. report.Groups.Select(g => g.Controlled)], [.. report.Groups.Select(g => g.Advantages.ToArray())]);
        var options = _workload.Options;
        var plan = UpdatePlan.Create(rows, [.. prompts.Select(p => p.TokenIds.Count)], new MicroBatcher(options.MicroBatchTokens, options.MicroBatchRows),
            options.MaxNewTokens, skipNeutralGroups: false);
        var clock = Stopwatch.StartNew();
        foreach (var part in plan.MicroBatches)
        {
            using var batch = MicroBatch.Build(part, prompts, options.Temperature);
            using var scores = _policy.Score(batch.Sequences);
        }
        _options.Synchronize();
        var seconds = clock.Elapsed.TotalSeconds;
        foreach (var prompt in prompts) prompt.Dispose();
        return seconds;
    }
}
