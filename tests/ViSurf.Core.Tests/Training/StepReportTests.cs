using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>The numbers of a report, worked out by hand on rollouts that are given.</summary>
public sealed class StepReportTests
{
    [Fact]
    public void Every_number_follows_from_the_rollouts()
    {
        // Question a (label "xy", 2 letters + stop = 3 tokens): rollouts score 1/2, 0   → mean 0.25, deviation √(2 × 0.25²) = 0.3536
        // Question b (no label):                                 rollouts score 1, 1     → all equal, so neutral
        var report = Step(new Scripted(("ab", FinishReason.Stop), ("CDEF", FinishReason.Length), ("a", FinishReason.Stop), ("a", FinishReason.Stop)),
            (_, text) => text == "xy" ? 1 : text == "ab" ? 0.5 : text == "a" ? 1 : 0);

        report.Rewards.Mean.Should().BeApproximately((0.5 + 0 + 1 + 1) / 4, 1e-12);
        report.Rewards.Deviation.Should().BeApproximately((Math.Sqrt(0.125) + 0) / 2, 1e-12);
        report.Rewards.LabelMean.Should().Be(1);
        report.Rewards.LabelUsed.Should().Be(1, "0.5 < 1: the label is better than every rollout");
        report.Rewards.NeutralGroups.Should().Be(0.5);
        report.Rewards.UniformRollouts.Should().Be(0.5);
        report.Rewards.Components.Should().Equal(new ComponentSummary("r", 0.625, 1));
        // Around 0.625: 0.125² + 0.625² + 2 · 0.375² = 0.6875, divided by 3.
        report.Rewards.Statistics.Components.Single().Deviation.Should().BeApproximately(Math.Sqrt(0.6875 / 3), 1e-12);
        report.Rewards.Statistics.Warnings.Should().BeEmpty();

        report.Lengths.Mean.Should().Be((3 + 4 + 2 + 2) / 4.0);
        report.Lengths.Longest.Should().Be(4);
        report.Lengths.Truncated.Should().Be(0.25);
        report.Lengths.LabelMean.Should().Be(3);
        report.Lengths.PromptTokens.Should().Be(2);
        report.Lengths.CompletionTokens.Should().Be(3 + 4 + 2 + 2 + 3);

        report.Groups.Select(g => g.IsNeutral).Should().Equal(false, true);
        report.Groups[0].Advantages.Sum().Should().BeApproximately(0, 1e-9);
        report.Updates.Should().ContainSingle().Which.LearningRate.Should().Be(0.01);
        report.Times.Total.Should().BeGreaterThan(0);
        report.ToString().Should().StartWith("step 0  reward 0.625 ± 0.177  label 1.000 (used 100");
    }

    [Fact]
    public void A_label_that_a_rollout_reaches_is_reported_as_not_used()
        => Step(new Scripted(("xy", FinishReason.Stop), ("b", FinishReason.Stop), ("a", FinishReason.Stop), ("b", FinishReason.Stop)), (_, text) => text == "xy" ? 1 : 0)
            .Rewards.LabelUsed.Should().Be(0);

    [Fact]
    public void A_step_that_teaches_nothing_says_so()
    {
        var report = Step(new Scripted(("a", FinishReason.Stop), ("a", FinishReason.Stop), ("a", FinishReason.Stop), ("a", FinishReason.Stop)), (_, _) => 1);
        report.Updates.Should().BeEmpty();
        report.Rewards.NeutralGroups.Should().Be(1);
        report.ToString().Should().Contain("nothing to learn from").And.Contain("constant: r");
        report.Rewards.Statistics.Warnings.Should().ContainMatch("Reward 'r' was 1 for all 4 rollouts it applied to, its maximum*");
    }

    [Fact]
    public void Drift_is_the_mean_distance_between_the_samplers_and_the_trainers_log_probabilities()
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy);
        Drift(Toy.Sampler).Should().BeLessThan(Tolerance.Of(1e-5f), "sampler and scorer agree");
        Drift(new Shifted(Toy.Sampler, 0.25f)).Should().BeApproximately(0.25, 1e-5);

        double Drift(IRolloutSampler sampler)
            => new Trainer(TrainerParts.ViSurf(TinyText.Encoder, policy, sampler, Toy.SmallLetters, optimizer), Toy.Options with { MicroBatchRows = 3 })
                .Step(Toy.Questions).Updates[0].Metrics["sampler_drift"];
    }

    private static StepReport Step(IRolloutSampler sampler, Func<VisionExample, string, double> reward)
    {
        var policy = TinyText.Policy(1);
        using var optimizer = Toy.Optimizer(policy, 0.01);
        var parts = TrainerParts.ViSurf(TinyText.Encoder, policy, sampler, Toy.Suite("r", reward), optimizer, LabelFormat.Bare);
        return new Trainer(parts, Toy.Options with { GroupSize = 2 }).Step([TinyText.Example("a", "a", "xy"), TinyText.Example("b", "b")]);
    }

    /// <summary>Says what it is told to say, in order.</summary>
    private sealed class Scripted(params (string Text, FinishReason Reason)[] lines) : IRolloutSampler
    {
        public IReadOnlyList<SampledTokens> Sample(IPolicy policy, PromptBatch prompts, RolloutRequest request)
            => [.. lines.Select((line, i) =>
            {
                var tokens = TinyText.Encoder.EncodeAnswer(line.Text);
                return new SampledTokens(i / request.GroupSize, line.Reason == FinishReason.Stop ? tokens : [.. tokens.SkipLast(1)], [], line.Reason);
            })];
    }

    private sealed class Shifted(IRolloutSampler inner, float shift) : IRolloutSampler
    {
        public IReadOnlyList<SampledTokens> Sample(IPolicy policy, PromptBatch prompts, RolloutRequest request)
            => [.. inner.Sample(policy, prompts, request).Select(s => s with { LogProbs = [.. s.LogProbs.Select(p => p + shift)] })];
    }
}
