using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Objectives;

public sealed class ClippedPolicyObjectiveTests
{
    [Fact]
    public void Clipping_keeps_the_pessimistic_side()
    {   // ρ = 2, 2, 0.5, 0.5 with Â = 1, −1, 1, −1: min(ρÂ, clip(ρ)Â) = 1.2, −2, 0.5, −0.8; mean −0.275, so the loss is 0.275.
        using var scope = NewDisposeScope();
        var (loss, gradient, metrics) = Evaluate([2, 2, 0.5, 0.5], [1, -1, 1, -1], new ClippedPolicyOptions());

        loss.Should().BeApproximately(0.275, 1e-12);
        // Clipped tokens (the first and the last) have no gradient; the others −ρÂ/4.
        gradient.Should().HaveCount(4);
        gradient[0].Should().Be(0);
        gradient[1].Should().BeApproximately(0.5, 1e-12);
        gradient[2].Should().BeApproximately(-0.125, 1e-12);
        gradient[3].Should().Be(0);
        metrics["clip_fraction"].Should().BeApproximately(0.5, 1e-12);
        metrics["clip_low_fraction"].Should().BeApproximately(0.25, 1e-12, "ρ = 0.5 with Â = −1");
        metrics["clip_high_fraction"].Should().BeApproximately(0.25, 1e-12, "ρ = 2 with Â = 1");
        metrics["ratio"].Should().BeApproximately(1.25, 1e-12);
        // k3 = ρ − 1 − ln ρ: the logarithms cancel, (1 + 1 − 0.5 − 0.5) / 4.
        metrics["approx_kl"].Should().BeApproximately(0.25, 1e-12);
        metrics["policy_loss"].Should().BeApproximately(0.275, 1e-12);
    }

    [Fact]
    public void The_upper_clip_is_its_own_number()
    {   // min(1.25, clip to 1.28) = 1.25 with ε_high 0.28; 1.2 with 0.2.
        using var scope = NewDisposeScope();
        Evaluate([1.25], [1], new ClippedPolicyOptions { ClipHigh = 0.28 }).Loss.Should().BeApproximately(-1.25, 1e-12);
        Evaluate([1.25], [1], new ClippedPolicyOptions()).Loss.Should().BeApproximately(-1.2, 1e-12);
    }

    [Fact]
    public void A_ratio_cap_bounds_what_a_negative_advantage_costs()
    {   // Without: −min(9·−1, 1.2·−1) = 9. With cap 4: 4, and no gradient.
        using var scope = NewDisposeScope();
        Evaluate([9], [-1], new ClippedPolicyOptions()).Loss.Should().BeApproximately(9, 1e-12);
        var (loss, gradient, _) = Evaluate([9], [-1], new ClippedPolicyOptions { RatioCap = 4 });
        loss.Should().BeApproximately(4, 1e-12);
        gradient.Should().Equal(0);
    }

    [Fact]
    public void Without_old_log_probabilities_the_ratio_is_one_and_its_gradient_that_of_the_log_probability()
    {
        using var scope = NewDisposeScope();
        var (loss, gradient, metrics) = Evaluate(null, [2, -1], new ClippedPolicyOptions());

        loss.Should().BeApproximately(-0.5, 1e-12);
        gradient[0].Should().BeApproximately(-1, 1e-12);
        gradient[1].Should().BeApproximately(0.5, 1e-12);
        metrics["ratio"].Should().BeApproximately(1, 1e-12);
        metrics["clip_fraction"].Should().Be(0);
    }

    [Fact]
    public void A_ratio_that_float32_cannot_hold_does_not_become_infinite()
    {
        using var scope = NewDisposeScope();
        var current = tensor(new[] { -0.1f }, [1, 1]).requires_grad_();
        using var scores = new TokenScores(current);
        using var batch = Batch([1], tensor(new[] { -500f }, [1, 1]), ScalarType.Float32);
        using var result = new ClippedPolicyObjective(new ClippedPolicyOptions()).Evaluate(scores, batch);
        result.Loss.backward();
        result.Loss.item<float>().Should().BeApproximately(-1.2f, 1e-6f);
        current.grad!.item<float>().Should().Be(0);
    }

    [Fact]
    public void Advantages_may_be_given_per_token()
    {
        using var scope = NewDisposeScope();
        var current = tensor(new[] { -1.0, -2.0 }, [1, 2]).requires_grad_();
        using var scores = new TokenScores(current);
        using var batch = new UpdateBatch
        {
            Advantages = tensor(new[] { 1.0, -3.0 }, [1, 2]),
            CompletionMask = ones([1, 2], ScalarType.Bool),
            IsDemonstration = zeros([1, 1], ScalarType.Bool),
            SequenceWeights = ones([1, 1], ScalarType.Float64),
            Scale = new LossScale(2, 0, 1, 0, 2),
        };
        using var result = new ClippedPolicyObjective().Evaluate(scores, batch);
        result.Loss.backward();
        current.grad!.Values().Should().Equal(-0.5, 1.5);
    }

    [Fact]
    public void A_shape_that_does_not_fit_is_named()
    {
        using var scope = NewDisposeScope();
        using var scores = new TokenScores(zeros([2, 3]));
        using var batch = Batch([1], null, ScalarType.Float32);
        var evaluate = () => new ClippedPolicyObjective().Evaluate(scores, batch);
        evaluate.Should().Throw<ArgumentException>().WithMessage("Expected batch.CompletionMask to be Bool [2, 3], got Bool [1, 1].*");
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_lower_clip_outside_its_range_is_refused(double clip)
        => FluentActions.Invoking(() => new ClippedPolicyOptions { ClipLow = clip }).Should().Throw<ArgumentOutOfRangeException>();

    private static (double Loss, double[] Gradient, Dictionary<string, double> Metrics) Evaluate(double[]? ratios, double[] advantages, ClippedPolicyOptions options)
    {
        var current = zeros([advantages.Length, 1], ScalarType.Float64).requires_grad_();
        using var scores = new TokenScores(current);
        using var batch = Batch(advantages, ratios is null ? null : tensor(ratios.Select(r => -Math.Log(r)).ToArray(), [ratios.Length, 1]), ScalarType.Float64);
        using var result = new ClippedPolicyObjective(options).Evaluate(scores, batch);
        result.Loss.backward();
        return (result.Loss.item<double>(), current.grad!.Values(), result.Metrics.ToDictionary(m => m.Name, m => m.Value.item<double>()));
    }

    private static UpdateBatch Batch(double[] advantages, Tensor? old, ScalarType type) => new()
    {
        Advantages = tensor(advantages, [advantages.Length, 1]).to(type),
        CompletionMask = ones([advantages.Length, 1], ScalarType.Bool),
        IsDemonstration = zeros([advantages.Length, 1], ScalarType.Bool),
        SequenceWeights = full([advantages.Length, 1], Scalars.Of(1.0 / advantages.Length), type),
        Scale = new LossScale(advantages.Length, 0, advantages.Length, 0, 1),
        OldLogProbs = old,
    };
}
