using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Objectives;

public sealed class PenaltyTests
{
    [Fact]
    public void The_KL_penalty_is_k3_on_the_reference()
    {   // log π_ref − log π = ln 2: k3 = 2 − ln 2 − 1. Its gradient by log π is 1 − 2 = −1, times 0.5.
        using var scope = NewDisposeScope();
        var current = zeros([1, 1], ScalarType.Float64).requires_grad_();
        using var scores = new TokenScores(current);
        using var batch = Batch(Math.Log(2));
        using var result = new KlPenalty(new ClippedPolicyObjective(), 0.5).Evaluate(scores, batch);
        result.Loss.backward();

        result.Loss.item<double>().Should().BeApproximately(0.5 * (1 - Math.Log(2)), 1e-12);
        current.grad!.item<double>().Should().BeApproximately(-0.5, 1e-12);
        Metric(result, "kl").Should().BeApproximately(1 - Math.Log(2), 1e-12);
        Metric(result, "policy_loss").Should().Be(0);
    }

    [Fact]
    public void A_KL_penalty_without_a_reference_says_what_to_do()
    {
        using var scope = NewDisposeScope();
        using var scores = new TokenScores(zeros([1, 1], ScalarType.Float64));
        using var batch = Batch(null);
        FluentActions.Invoking(() => new KlPenalty(new ClippedPolicyObjective(), 0.5).Evaluate(scores, batch))
            .Should().Throw<ArgumentException>().WithMessage("*ReferenceLogProbs, got null*");
    }

    [Fact]
    public void The_entropy_bonus_lowers_the_loss_and_raises_the_entropy()
    {
        using var scope = NewDisposeScope();
        var entropy = full([1, 1], Scalars.Of(3.0), ScalarType.Float64).requires_grad_();
        using var scores = new TokenScores(zeros([1, 1], ScalarType.Float64), entropy);
        using var batch = Batch(null);
        using var result = new EntropyBonus(new ClippedPolicyObjective(), 0.01).Evaluate(scores, batch);
        result.Loss.backward();

        result.Loss.item<double>().Should().BeApproximately(-0.03, 1e-12);
        entropy.grad!.item<double>().Should().BeApproximately(-0.01, 1e-12);
        Metric(result, "entropy").Should().Be(3);
    }

    [Fact]
    public void An_entropy_bonus_without_entropy_says_what_to_do()
    {
        using var scope = NewDisposeScope();
        using var scores = new TokenScores(zeros([1, 1], ScalarType.Float64));
        using var batch = Batch(null);
        FluentActions.Invoking(() => new EntropyBonus(new ClippedPolicyObjective(), 0.01).Evaluate(scores, batch))
            .Should().Throw<ArgumentException>().WithMessage("*WithEntropy*");
    }

    [Fact]
    public void Supervised_learning_divides_by_label_tokens_or_by_labels()
    {   // Labels of 1 and 3 tokens, every log-probability −2 and −1: tokens (2 + 3·1)/4, sequences (2 + 1)/2.
        using var scope = NewDisposeScope();
        var mask = TinyTensors.Mask([1, 3, 3], 3);
        using var scores = new TokenScores(tensor(new[] { -2.0, 9, 9, -1, -1, -1, -50, -50, -50 }, [3, 3]));
        using var batch = new UpdateBatch
        {
            Advantages = zeros([3, 1], ScalarType.Float64),
            CompletionMask = mask,
            IsDemonstration = tensor(new[] { true, true, false }, [3, 1]),
            SequenceWeights = full([3, 1], Scalars.Of(1.0 / 3), ScalarType.Float64),
            Scale = new LossScale(7, 4, 3, 2, 3),
        };

        Loss(LossAggregation.TokenMean).Should().BeApproximately(5.0 / 4, 1e-12);
        Loss(LossAggregation.SequenceMean).Should().BeApproximately(3.0 / 2, 1e-12);
        Loss(LossAggregation.SequenceSum).Should().BeApproximately(5.0 / 2, 1e-12);
        Loss(LossAggregation.Constant).Should().BeApproximately(5.0 / 6, 1e-12);

        double Loss(LossAggregation aggregation)
        {
            using var result = new MaximumLikelihoodObjective(aggregation).Evaluate(scores, batch);
            return result.Loss.item<double>();
        }
    }

    [Fact]
    public void Supervised_learning_without_labels_says_what_to_do()
    {
        using var scope = NewDisposeScope();
        using var scores = new TokenScores(zeros([1, 1], ScalarType.Float64));
        using var batch = Batch(null);
        FluentActions.Invoking(() => new MaximumLikelihoodObjective().Evaluate(scores, batch))
            .Should().Throw<ArgumentException>().WithMessage("Expected labels in the step, got 0*Target*");
    }

    [Fact]
    public void Evaluation_leaves_only_loss_and_metrics_behind()
    {
        using var scope = NewDisposeScope();
        using var scores = new TokenScores(zeros([1, 1], ScalarType.Float64).requires_grad_(), zeros([1, 1], ScalarType.Float64));
        using var batch = Batch(0.5);
        var objective = new EntropyBonus(new KlPenalty(new ViSurfObjective(), 0.5), 0.1);
        objective.Evaluate(scores, batch).Dispose();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 5; i++) objective.Evaluate(scores, batch).Dispose();
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
    }

    private static UpdateBatch Batch(double? reference) => new()
    {
        Advantages = zeros([1, 1], ScalarType.Float64),
        CompletionMask = ones([1, 1], ScalarType.Bool),
        IsDemonstration = zeros([1, 1], ScalarType.Bool),
        SequenceWeights = ones([1, 1], ScalarType.Float64),
        Scale = new LossScale(1, 0, 1, 0, 1),
        ReferenceLogProbs = reference is { } value ? full([1, 1], Scalars.Of(value), ScalarType.Float64) : null,
    };

    private static double Metric(ObjectiveResult result, string name) => result.Metrics.Single(m => m.Name == name).Value.item<double>();
}
