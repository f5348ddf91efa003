using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Objectives;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Tests.Training.Diagnostics;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Diagnostics;
using ViSurf.Core.Training.Metrics;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training.Metrics;

/// <summary>Metrics against arithmetic on what the report's groups hold.</summary>
public sealed class StepMetricsTests
{
    [Fact]
    public void Every_number_of_the_groups_follows_from_the_rollouts()
    {
        // a: label "xy" = 1 (3 tokens with its stop); rollouts "ab" = 0.5 (3 tokens) and "CDEF" = 0 (4 tokens, cut off): the label beats both.
        // b: label "xy" = 1; rollouts "xy" = 1 and "ab" = 0.5: a rollout does as well, so the label is smoothed away. It wins 0.5 (a tie) and 1.
        // c: label "xy" = 1; rollouts 0 and 0: alone they would teach nothing, the label rescues the group.
        var report = ScriptedStep.Of(
            [TinyText.Example("a", "a", "xy"), TinyText.Example("b", "bbb", "xy"), TinyText.Example("c", "cc", "xy")],
            (_, text) => text == "xy" ? 1 : text == "ab" ? 0.5 : 0, "ab", "CDEF…", "xy", "ab", "Q", "QQ");
        var metrics = ScriptedStep.Metrics(report);

        metrics["gt/reward"].Should().Be(1);
        metrics["gt/win_rate"].Should().BeApproximately((1 + 0.75 + 1) / 3, 1e-12);
        metrics["gt/smoothed_frac"].Should().BeApproximately(1 / 3.0, 1e-12);
        metrics["gt/rescued_groups"].Should().Be(1);
        // a: mean 0.5, sample deviation √((0.25 + 0 + 0.25) / 2) = 0.5, so Â = 0.5 / 0.5. c: mean 1/3, deviation √(1/3), so Â = 2/3 · √3 = G/√(G+1).
        metrics["gt/advantage"].Should().BeApproximately((0.5 / (0.5 + 1e-6) + 0 + 2 / 3.0 / (Math.Sqrt(1 / 3.0) + 1e-6)) / 3, 1e-9);
        metrics["gt/mean_length"].Should().Be(3);

        metrics["reward"].Should().BeApproximately(2 / 6.0, 1e-12);
        // Totals 0.5, 0, 1, 0.5, 0, 0 around 1/3: Σ squares 1.5 − 6/9.
        metrics["reward_std"].Should().BeApproximately(Math.Sqrt((1.5 - 6 / 9.0) / 5), 1e-12);
        metrics["reward_group_std"].Should().BeApproximately((Math.Sqrt(0.125) + Math.Sqrt(0.125) + 0) / 3, 1e-12);
        metrics["frac_reward_zero_std"].Should().BeApproximately(1 / 3.0, 1e-12);
        metrics["frac_groups_neutral"].Should().Be(0);
        metrics["rewards/r/mean"].Should().BeApproximately(2 / 6.0, 1e-12);
        metrics["rewards/r/applies"].Should().Be(1);

        // 3, 4 (cut), 3, 3, 2, 3 tokens.
        metrics["completions/mean_length"].Should().BeApproximately(18 / 6.0, 1e-12);
        metrics["completions/min_length"].Should().Be(2);
        metrics["completions/max_length"].Should().Be(4);
        metrics["completions/clipped_ratio"].Should().BeApproximately(1 / 6.0, 1e-12);
        metrics["completions/mean_terminated_length"].Should().BeApproximately(14 / 5.0, 1e-12);
        metrics["completions/max_terminated_length"].Should().Be(3);
        metrics["prompt_length/mean"].Should().Be(2);
        metrics["prompt_length/max"].Should().Be(3);
        // Prompts of 1, 3 and 2 tokens before three completions each, 18 rollout and 9 label tokens.
        metrics["perf/total_num_tokens"].Should().Be(3 * (1 + 3 + 2) + 18 + 9);
        metrics["perf/throughput"].Should().BeApproximately(45 / report.Times.Total, 1e-9);
        metrics["perf/gen_throughput"].Should().BeApproximately(18 / report.Times.Rollout, 1e-9 * 18 / report.Times.Rollout);
        metrics["updates"].Should().Be(1);
        metrics["learning_rate"].Should().Be(0.01);
        metrics["mem/host_gb"].Should().BeInRange(0.01, 1000);
        metrics.Should().NotContainKeys("mem/device_gb", "entropy", "gt/grad_norm", "kl");
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(0.9e-9, true)]
    [InlineData(1.1e-9, false)]
    public void Whether_two_rewards_are_one_is_answered_alike_by_everybody(double apart, bool same)
    {
        var report = ScriptedStep.Of([TinyText.Example("a", "a", "xy")], (_, text) => text == "cd" ? 0.5 + apart : 0.5, "ab", "cd");
        var metrics = ScriptedStep.Metrics(report);
        metrics["frac_reward_zero_std"].Should().Be(same ? 1 : 0);
        metrics["gt/win_rate"].Should().Be(same ? 0.5 : 0.25, "it ties with \"ab\", and with \"cd\" or not");
        report.Rewards.Statistics.Components.Single().IsConstant.Should().Be(same);
        (GroupPolicy.UniformReason(report.Groups[0].Scored) is not null).Should().Be(same);
        var seen = Enumerable.Range(0, 10).Select(_ => StepObservation.Of(report)).ToArray();
        History.Said(seen, [new DiagnosisRule("constant", history => DiagnosisRules.ConstantComponent(history))]).Should().HaveCount(same ? 1 : 0);
    }

    [Fact]
    public void A_step_on_a_checkpoint_gives_the_numbers_of_its_groups()
    {
        var directory = Fixtures.PathOf("qwen2_5_vl");
        using var policy = QwenVlPolicy.Load(directory, TestDevice.Value);
        using var optimizer = Toy.Optimizer(policy, 1e-3);
        var encoder = QwenPromptEncoder.Load(directory);
        var sampler = new AutoregressiveSampler(new SamplingOptions { StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });
        // The label of "hard" is right and nothing else; everything is right for "easy", so its label is smoothed away and its group is skipped.
        var suite = Toy.Suite("boxes", (example, text) => example.Id == "easy" || text.Contains("bbox_2d", StringComparison.Ordinal) ? 1 : 0);
        var options = Toy.Options with { GroupSize = 3, MaxNewTokens = 6, MaxPromptTokens = 4000, WithEntropy = true, UpdatesPerRollout = 2 };
        var report = new Trainer(TrainerParts.ViSurf(encoder, policy, sampler, suite, optimizer), options).Step([Example("hard", "0.png"), Example("easy", "1.png")]);
        var metrics = ScriptedStep.Metrics(report);

        metrics["gt/reward"].Should().Be(1);
        metrics["gt/win_rate"].Should().Be((1 + 0.5) / 2);
        metrics["gt/smoothed_frac"].Should().Be(0.5);
        metrics["gt/rescued_groups"].Should().Be(1);
        metrics["gt/advantage"].Should().BeApproximately(0.75 / (0.5 + 1e-6) / 2, 1e-9, "0, 0, 0, 1 have mean 1/4 and sample deviation 1/2; the other label counts as 0");

        // Log-probabilities of the one label that was scored, by the weights before, between and after the two updates.
        var rollouts = report.Groups.SelectMany(g => g.Scored.Group.Completions).Where(c => c.Source == CompletionSource.Policy).ToArray();
        metrics["entropy_sampled"].Should().BeApproximately(-rollouts.SelectMany(c => c.LogProbs!).Average(p => (double)p), 1e-9);
        var label = report.Groups[0].Scored.Group.Completions.Single(c => c.Source == CompletionSource.Demonstration);
        using var fresh = QwenVlPolicy.Load(directory, TestDevice.Value);
        using var once = Toy.Optimizer(fresh, 1e-3);
        var before = LogProbs(fresh, label);
        var drawn = report.Groups[0].Scored.Group.Completions.Where(c => c.Source == CompletionSource.Policy).ToArray();
        var drawnBefore = drawn.SelectMany(c => LogProbs(fresh, c)).ToArray();
        new Trainer(TrainerParts.ViSurf(encoder, fresh, sampler, suite, once), options with { UpdatesPerRollout = 1 }).Step([Example("hard", "0.png"), Example("easy", "1.png")]);
        var between = LogProbs(fresh, label);
        between.Average().Should().BeGreaterThan(before.Average(), "the update taught the label");
        metrics["gt/logp"].Should().BeApproximately((before.Average() + between.Average()) / 2, 1e-3);
        metrics["gt/ratio"].Should().BeApproximately((1 + before.Zip(between, (a, b) => Math.Exp(b - a)).Average()) / 2, 1e-3);
        var drawnBetween = drawn.SelectMany(c => LogProbs(fresh, c)).ToArray();
        metrics["ratio"].Should().BeApproximately((1 + drawnBefore.Zip(drawnBetween, (a, b) => Math.Exp(b - a)).Average()) / 2, 1e-3);
        metrics["entropy"].Should().BeInRange(0.1, Math.Log(200_000));
        metrics["gt/entropy"].Should().BeInRange(0.1, Math.Log(200_000));

        double[] LogProbs(QwenVlPolicy model, Completion completion)
        {
            using var scope = NewDisposeScope();
            using var grad = no_grad();
            using var prompt = encoder.Encode(Example("hard", "0.png"));
            using var batch = MicroBatch.Build([new TrainingRow(0, completion, 1, 1)], [prompt]);
            using var scores = model.Score(batch.Sequences);
            return [.. scores.LogProbs.to(ScalarType.Float64).data<double>().ToArray()];
        }
    }

    [Fact]
    public void An_objectives_own_entropy_and_ratio_are_kept_where_no_rollouts_say_them_better()
    {
        var (own, told) = (Step(supervised: true), Step(supervised: false));
        var bonus = own.Updates[0].Metrics;
        bonus.Should().ContainKey("entropy");
        var metrics = ScriptedStep.Metrics(own);
        metrics["objective/entropy"].Should().Be(bonus["entropy"]);
        metrics.Should().NotContainKeys("entropy", "objective/ratio").And.NotContainKey("ratio", "those are of the policy's own tokens, and there are none");

        told.Updates[0].Metrics.Should().ContainKeys("entropy", "ratio");
        ScriptedStep.Metrics(told).Should().ContainKeys("entropy", "ratio").And.NotContainKeys("objective/entropy", "objective/ratio");

        static StepReport Step(bool supervised)
        {
            var policy = TinyText.Policy(1);
            using var optimizer = Toy.Optimizer(policy);
            var parts = supervised ? TrainerParts.Sft(TinyText.Encoder, policy, optimizer) : TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
            return new Trainer(parts with { Objective = new EntropyBonus(parts.Objective, 0.01) }, Toy.Options with { WithEntropy = true }).Step(Toy.Labelled);
        }
    }

    [Fact]
    public void A_skipped_update_shows_what_was_not_finite()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer);
        var metrics = ScriptedStep.Metrics(new Trainer(parts with { Objective = new ProbedObjective(parts.Objective, (_, _) => double.NaN) }, Toy.Options).Step(Toy.Questions));
        metrics["loss"].Should().Be(double.NaN);
        metrics["updates"].Should().Be(0);
        metrics["skipped_updates"].Should().Be(1);
    }

    [Fact]
    public void The_largest_sampler_difference_is_of_the_whole_update_and_not_a_sum_over_micro_batches()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, new Off(Toy.Sampler), Toy.SmallLetters, optimizer) with { SkipNeutralGroups = false };
        var metrics = ScriptedStep.Metrics(new Trainer(parts, Toy.Options with { MicroBatchRows = 2 }).Step(Toy.Questions));
        metrics["sampling/sampling_logp_difference/max"].Should().BeApproximately(0.5, 1e-4);
        metrics["sampling/sampling_logp_difference/mean"].Should().BeInRange(0.001, 0.2);
    }

    private static VisionExample Example(string id, string picture) => VisionExample.Ask(id, "Where is it?",
        new GroundingTarget([new GroundedObject(new Box(1, 2, 30, 40), new PixelPoint(1, 2))]),
            ImageSource.FromFile(Fixtures.PathOf("images", picture))) with { LabelFrame = FrameSize.OfModel };

    /// <summary>Off by half a nat in the first token of the first rollout.</summary>
    private sealed class Off(IRolloutSampler inner) : IRolloutSampler
    {
        public IReadOnlyList<SampledTokens> Sample(Core.Policies.IPolicy policy, Core.Encoding.PromptBatch prompts, RolloutRequest request)
            => [.. inner.Sample(policy, prompts, request).Select((s, i) => i > 0 ? s : s with { LogProbs = [s.LogProbs[0] - 0.5f, .. s.LogProbs.Skip(1)] })];
    }
}
