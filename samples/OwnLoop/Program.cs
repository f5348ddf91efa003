using Samples.Shared;
using TorchSharp;
using ViSurf.Core.Advantages;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Objectives;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;

// ViSurf without Trainer: every stage of a step is public, and this is how they follow each other. Change what you are researching.
return Run.Guarded(cancel =>
{
    var line = new CommandLine("Post-trains the sample model with a loop of its own.",
        new Option("--steps", "N", "optimizer steps (20)"),
        new Option("--device", "NAME", "cpu, cuda or cuda:N (cpu)"),
        new Option("--output", "DIR", "where to save the model (nowhere)")).Parse(args);
    if (line.WantsHelp) Console.WriteLine(line.Help);
    else Train(line.Number("--steps", 20, least: 1), TorchBackend.Device(line.Text("--device") ?? "cpu"), line.Text("--output"), cancel);
});

static void Train(int steps, torch.Device device, string? output, CancellationToken cancel)
{
    const int PromptsPerStep = 8, GroupSize = 8, MaxNewTokens = 96, Seed = 1;
    var model = Path.Combine(Assets.Root, "tiny-base");
    var encoder = QwenPromptEncoder.Load(model);
    VisionExample[] rows = [.. JsonLinesDataset.Load(Path.Combine(Assets.Root, "shapes", "train.jsonl")).Select(encoder.InModelFrame)];
    var order = new EpochCursor(rows.Length, Seed);

    using var policy = QwenVlPolicy.Load(model, device);
    using var optimizer = new AdamWOptimizer(policy.Module, new AdamWOptions { LearningRate = LearningRate.Constant(4e-5) });
    var sampler = new AutoregressiveSampler(new SamplingOptions { StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });
    var labels = new DemonstrationInjector(encoder);
    var rewards = VisionReasonerRewards.Suite(side: 112).With(new ExactAnswerReward(maximum: 5));
    var control = new ViSurfRewardControl();
    var estimate = AdvantageEstimators.GroupNormalized();
    var objective = new ViSurfObjective();
    var batcher = new MicroBatcher(tokens: 16_384, layout: policy.Layout);

    for (var step = 0; step < steps; step++)
    {
        using var scope = torch.NewDisposeScope();  // frees every tensor of the step
        var examples = order.Next(PromptsPerStep).Select(i => rows[i]).ToArray();

        // Encode once; rollouts and scores share the prompts. Sample without gradient.
        using var shelf = new PromptShelf(encoder);
        var prompts = shelf.Of(examples);
        var rollouts = Rollouts(prompts, step);

        // From here on numbers, no tensors: the label joins its group, is judged like a rollout, and is held back once it is not needed.
        var groups = RolloutGroups.Assemble(examples, rollouts, encoder).Select(labels.Inject).ToArray();
        var scored = rewards.Score(groups, cancel);
        var controlled = scored.Select(control.Control).ToArray();
        var advantages = estimate(controlled);
        var plan = UpdatePlan.Create(
            UpdatePlan.RowsOf(controlled, advantages), [.. prompts.Select(p => p.TokenIds.Count)], batcher, MaxNewTokens, skipNeutralGroups: true);

        // Score with gradient, micro-batch by micro-batch; each adds its share of the step's gradient.
        foreach (var part in plan.MicroBatches)
        {
            using var micro = MicroBatch.Build(part, prompts);
            using var scores = policy.Score(micro.Sequences);
            using var update = micro.Update(plan.Scale, device);
            using var result = objective.Evaluate(scores, update);
            scores.Backward(result.Loss);
        }

        using var norm = optimizer.GradientNorm();
        if (plan.MicroBatches.Count > 0) optimizer.Step(AdamWOptimizer.ClipScale(norm.item<float>(), maximum: 1.0)); // none: every group was neutral
        optimizer.ZeroGradients();
        Console.WriteLine(FormattableString.Invariant($"step {step + 1}  rollouts {Mean(label: false):0.000}  labels {Mean(label: true):0.000}  gradient norm {norm.item<float>():0.000}"));

        double Mean(bool label) => scored.SelectMany(group => group.Totals.Where((_, i) => group.IsDemonstration(i) == label)).Average();
    }
    if (output is not null) policy.Save(output);

    IReadOnlyList<SampledTokens> Rollouts(IReadOnlyList<EncodedPrompt> prompts, int step)
    {
        using var frozen = torch.no_grad();
        using var batch = Collator.Prompts(prompts);
        return sampler.Sample(policy, batch, new RolloutRequest(GroupSize, MaxNewTokens, Seed, step, cancel));
    }
}
