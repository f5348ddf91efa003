using System.Diagnostics;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using ViSurf.Core.Training;

namespace ViSurf.Core.Benchmarks;

/// <summary>Seconds of one step's phases, by the clock or of all processors.</summary>
/// <param name="Rollout">Prompts encoded, rollouts sampled and read as text.</param>
/// <param name="Score">Log-probabilities of all rows once, without gradient: π_old, had the step several updates. Not part of the step.</param>
/// <param name="Update">Forward with gradient, backward, AdamW.</param>
/// <param name="Step">Everything from examples to updated weights.</param>
internal sealed record StepSeconds(double Rollout, double Score, double Update, double Step);

/// <summary>Operations that the same phases cannot avoid.</summary>
internal sealed record StepFlops(double Rollout, double Score, double Update);

/// <summary>One measured step.</summary>
/// <param name="Seconds">By the clock.</param>
/// <param name="Processor">Over all threads.</param>
/// <param name="Report">What it did.</param>
internal sealed record StepRun(StepSeconds Seconds, StepSeconds Processor, StepReport Report);

/// <summary>A trainer over a model, ready to be timed. Several may share a model.</summary>
internal sealed class StepMeasurement
{
    private readonly BenchmarkOptions _options;
    private readonly BenchmarkModel _model;
    private readonly IPolicy _policy;
    private readonly Trainer _trainer;
    private readonly TrainerOptions _training;
    private readonly PhaseMeter _meter = new();

    // Drawn before any clock runs: no trainer draws its pictures.
    private readonly IReadOnlyList<VisionExample> _examples;

    /// <param name="options">Device.</param>
    /// <param name="model">Stays the caller's.</param>
    /// <param name="workload">What a step does.</param>
    /// <param name="replicated">Whether every completion carries its own prompt and picture.</param>
    public StepMeasurement(BenchmarkOptions options, BenchmarkModel model, Workload workload, bool replicated = false)
    {
        (_options, _model, _examples) = (options, model, workload.Examples());
        _training = workload.TrainerOptions(replicated ? LongestPrompt() : null);
        _policy = replicated ? new ReplicatedPolicy(model.Policy) : model.Policy;
        var (sampler, policy) = (_meter.Around(Workload.Sampler(model.Encoder)), _meter.Around(_policy));
        _trainer = new Trainer(workload.Label
            ? TrainerParts.ViSurf(model.Encoder, policy, sampler, Workload.Rewards(), model.Optimizer)
            : TrainerParts.Grpo(model.Encoder, policy, sampler, Workload.Rewards(), model.Optimizer), _training);
    }

    /// <summary>One step with its phases' seconds.</summary>
    public StepRun Run()
    {
        _options.Synchronize();
        _meter.Begin();
        var clock = Stopwatch.StartNew();
        var report = _trainer.Step(_examples);
        _options.Synchronize();
        var step = clock.Elapsed.TotalSeconds;
        var processor = _meter.End();
        if (report.Skipped is not null || report.Updates.Count != 1 || report.Rewards.NeutralGroups > 0)
            throw new InvalidOperationException($"Expected a step that trains every group once, got '{report}'.");
        var times = report.Times;
        var (score, scoreProcessor) = Score(report);
        // What the device still had to do when the step returned belongs to the update.
        return new StepRun(new StepSeconds(times.Encode + times.Rollout, score, times.Update + (step - times.Total), step), processor with { Score = scoreProcessor }, report);
    }

    /// <summary>The step again, untimed by phase: for profiles.</summary>
    public void Step()
    {
        _trainer.Step(_examples);
        _options.Synchronize();
    }

    /// <summary>Counted from the prompts and completions that the step really had, each picture and prompt once.</summary>
    public StepFlops Flops(StepReport report)
    {
        var flops = new Flops(_model.Policy.Config);
        using var scope = torch.NewDisposeScope();
        double rollout = 0, score = 0, update = 0;
        var prompts = Prompts.Encode(_model.Encoder, _examples);
        for (var q = 0; q < prompts.Count; q++)
        {
            using var prompt = prompts[q];
            var rows = report.Groups[q].Scored.Group.Completions;
            int[] all = [.. rows.Select(r => r.TokenIds.Count)],
                sampled = [.. rows.Where(r => r.Source == CompletionSource.Policy).Select(r => r.TokenIds.Count)];
            rollout += flops.Group(prompt.Grids, prompt.TokenIds.Count, sampled);
            score += flops.Group(prompt.Grids, prompt.TokenIds.Count, all);
            update += flops.Update(prompt.Grids, prompt.TokenIds.Count, all, _model.Rank);
        }
        return new StepFlops(rollout, score, update);
    }

    /// <summary>Rows of the update's largest pass: prompts, and completions without their last token.</summary>
    public long PassRows(StepReport report)
    {
        var prompts = Prompts.Encode(_model.Encoder, _examples);
        var rows = Plan(report, prompts).MicroBatches.Max(part => part.Select(row => row.PromptIndex).Distinct()
            .Sum(q => (long)prompts[q].TokenIds.Count)
            + part.Sum(row => row.Completion.TokenIds.Count - 1L));
        foreach (var prompt in prompts) prompt.Dispose();
        return rows;
    }

    private int LongestPrompt()
    {
        var prompts = Prompts.Encode(_model.Encoder, _examples);
        foreach (var prompt in prompts) prompt.Dispose();
        return prompts.Max(p => p.TokenIds.Count);
    }

    private (double Seconds, double Processor) Score(StepReport report)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var prompts = Prompts.Encode(_model.Encoder, _examples);
        var plan = Plan(report, prompts);
        var (clock, processor) = (Stopwatch.StartNew(), PhaseMeter.Now());
        foreach (var part in plan.MicroBatches)
        {
            using var batch = MicroBatch.Build(part, prompts, _training.Temperature);
            using var scores = _policy.Score(batch.Sequences);
        }
        _options.Synchronize();
        var seconds = (clock.Elapsed.TotalSeconds, PhaseMeter.Now() - processor);
        foreach (var prompt in prompts) prompt.Dispose();
        return seconds;
    }

    private UpdatePlan Plan(StepReport report, IReadOnlyList<EncodedPrompt> prompts)
    {
        var rows = UpdatePlan.RowsOf([.. report.Groups.Select(g => g.Controlled)], [.. report.Groups.Select(g => g.Advantages.ToArray())]);
        return UpdatePlan.Create(rows, [.. prompts.Select(p => p.TokenIds.Count)],
            new MicroBatcher(_training.MicroBatchTokens, _training.MicroBatchRows, _policy.Layout),
            _training.MaxNewTokens, skipNeutralGroups: false);
    }
}
