using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

/// <summary>The three methods learn what they should, and only that.</summary>
public sealed class TrainerTests
{
    [Fact]
    public void Supervised_fine_tuning_memorises_its_labels()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy, 0.02);
        var trainer = new Trainer(TrainerParts.Sft(TinyText.Encoder, policy, optimizer, LabelFormat.Bare), Toy.Options);
        var losses = Enumerable.Range(0, 80).Select(_ => trainer.Step(Toy.Labelled).Updates[0].Loss).ToArray();
        losses[0].Should().BeGreaterThan(2);
        losses[^1].Should().BeLessThan(0.05);
        Answers(policy).Should().Equal("uno", "dos", "tres");
    }

    [Fact]
    public void GRPO_raises_the_reward_without_ever_seeing_a_label()
    {
        var policy = TinyText.Policy(2);
        using var optimizer = Toy.Optimizer(policy, 0.02);
        var trainer = new Trainer(TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer), Toy.Options);
        var reports = Enumerable.Range(0, 40).Select(_ => trainer.Step(Toy.Questions)).ToArray();
        reports.Take(5).Average(r => r.Rewards.Mean!.Value).Should().BeLessThan(0.5);
        reports.TakeLast(5).Average(r => r.Rewards.Mean!.Value).Should().BeGreaterThan(0.9);
        reports.Should().OnlyContain(r => r.Rewards.LabelMean == null && r.Groups.All(g => g.Advantages.Count == 6));
    }

    [Fact]
    public void ViSurf_learns_a_label_that_the_policy_never_samples_while_GRPO_learns_nothing()
    {
        var grpo = NeverTilde();
        var start = Toy.Weights(grpo);
        using var grpoOptimizer = Toy.Optimizer(grpo, 0.02);
        var examples = new[] { TinyText.Example("a", "what?", "~~") };
        var alone = new Trainer(TrainerParts.Grpo(TinyText.Encoder, grpo, Toy.Sampler, Toy.Exact, grpoOptimizer), Toy.Options);
        for (var i = 0; i < 60; i++) alone.Step(examples).Updates.Should().BeEmpty("every reward is 0, so nobody is better than anybody");
        Toy.Weights(grpo).Should().Equal(start);

        var visurf = NeverTilde();
        using var optimizer = Toy.Optimizer(visurf, 0.02);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, visurf, Toy.Sampler, Toy.Exact, optimizer, LabelFormat.Bare);
        var trainer = new Trainer(parts, Toy.Options);
        var reports = Enumerable.Range(0, 60).Select(_ => trainer.Step(examples)).ToArray();
        reports[0].Rewards.LabelUsed.Should().Be(1, "no rollout reaches the label");
        reports[^1].Rewards.Mean.Should().Be(1, "rollouts have learnt it");
        reports[^1].Rewards.LabelUsed.Should().Be(0, "and the label is smoothed away");
        new Evaluator(TinyText.Encoder, visurf, Toy.Greedy) { MaxNewTokens = 5 }.Run(examples).Single().Completion.Text.Should().Be("~~");
    }

    [Fact]
    public void The_same_seed_gives_the_same_run_and_another_seed_another()
    {
        var first = Run(seed: 1);
        Run(seed: 1).Should().Equal(first);
        Run(seed: 2).Should().NotEqual(first);

        static double[] Run(long seed)
        {
            var policy = TinyText.Policy(4);
            using var optimizer = Toy.Optimizer(policy);
            var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
            var trainer = new Trainer(parts, Toy.Options with { Seed = seed });
            for (var i = 0; i < 5; i++) trainer.Step(Toy.Questions);
            return Toy.Weights(policy);
        }
    }

    [Fact]
    public void A_resumed_run_equals_one_that_was_never_stopped()
    {
        var whole = TinyText.Policy(5);
        using var wholeOptimizer = Toy.Optimizer(whole);
        Steps(whole, wholeOptimizer, from: 0, to: 6);

        var part = TinyText.Policy(5);
        using var file = new MemoryStream();
        using (var optimizer = Toy.Optimizer(part))
        {
            Steps(part, optimizer, from: 0, to: 3);
            optimizer.Save(file);
        }
        file.Position = 0;
        using var resumed = Toy.Optimizer(part);
        resumed.Load(file);
        Steps(part, resumed, from: 3, to: 6);
        Toy.Weights(part).Should().Equal(Toy.Weights(whole));

        static void Steps(IPolicy policy, AdamWOptimizer optimizer, int from, int to)
        {
            var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
            var trainer = new Trainer(parts, Toy.Options, stepsTaken: from);
            for (var i = from; i < to; i++) trainer.Step(Toy.Questions).Step.Should().Be(i);
        }
    }

    [Fact]
    public void Examples_in_another_order_give_the_same_update()
    {
        // Random numbers belong to the example, not to its place, and the loss is a sum over groups: only rounding may differ.
        var (forward, backward) = (Run(Toy.Questions), Run([.. Toy.Questions.Reverse()]));
        forward.Zip(backward, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(1e-9);

        static double[] Run(IReadOnlyList<VisionExample> examples)
        {
            var policy = Toy.DoublePolicy(6);
            using var optimizer = Toy.GradientProbe(policy);
            new Trainer(TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer), Toy.Options).Step(examples);
            return Toy.Weights(policy);
        }
    }

    private static ModulePolicy NeverTilde()
    {
        var module = new TinyModule(8);
        using var grad = no_grad();
        var bias = module.named_parameters().Single(p => p.name == "head.bias").parameter;
        bias['~'] = tensor(-15f);
        return new ModulePolicy(module);
    }

    private static string[] Answers(IPolicy policy)
        => [.. new Evaluator(TinyText.Encoder, policy, Toy.Greedy) { MaxNewTokens = 5 }.Run(Toy.Labelled).Select(r => r.Completion.Text)];
}
