using FluentAssertions;
using ViSurf.Core.Objectives;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Objectives;

public sealed class PaddingTests
{
    public static TheoryData<double> Contents() => [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e30, -7];

    [Theory]
    [MemberData(nameof(Contents))]
    public void What_is_in_the_padding_never_matters(double content)
    {
        foreach (var objective in new IObjective[]
        {
            new ViSurfObjective(),
            new ClippedPolicyObjective(new ClippedPolicyOptions { RatioLevel = RatioLevel.Sequence, Aggregation = LossAggregation.TokenMean }),
            new KlPenalty(new ViSurfObjective(), 0.1),
            new EntropyBonus(new ViSurfObjective(), 0.1),
            new MaximumLikelihoodObjective(),
        })
        {
            var (loss, gradient, metrics) = Evaluate(objective, 0);
            var (padded, paddedGradient, paddedMetrics) = Evaluate(objective, content);
            padded.Should().Be(loss);
            paddedGradient.Should().Equal(gradient);
            paddedMetrics.Should().Equal(metrics);
            gradient.Should().Contain(g => g != 0).And.NotContain(double.NaN);
            // Row 0 has two tokens of four, row 1 has three.
            foreach (var i in new[] { 2, 3, 7 }) gradient[i].Should().Be(0);
        }
    }

    private static (double Loss, double[] Gradient, double[] Metrics) Evaluate(IObjective objective, double content)
    {
        using var scope = NewDisposeScope();
        var mask = TinyTensors.Mask([2, 3], 4);
        var current = Padded([-1.0, -2.0, -0.5, -0.7, -3.0, -1.1, -0.2, -0.4]);
        current.requires_grad_();
        var entropy = Padded([1, 2, 3, 4, 5, 6, 7, 8]);
        entropy.requires_grad_();
        using var scores = new TokenScores(current, entropy);
        using var batch = new UpdateBatch
        {
            Advantages = Padded([1, 1, 1, 1, -2, -2, -2, -2]),
            CompletionMask = mask,
            IsDemonstration = tensor(new[] { false, true }, [2, 1]),
            SequenceWeights = full([2, 1], 0.5, ScalarType.Float64),
            Scale = new LossScale(5, 3, 2, 1, 4),
            OldLogProbs = Padded([-1.1, -1.9, -0.5, -0.7, -2.5, -1.2, -0.3, -0.4]),
            ReferenceLogProbs = Padded([-1.2, -2.2, -0.5, -0.7, -2.9, -1.0, -0.1, -0.4]),
        };
        using var result = objective.Evaluate(scores, batch);
        result.Loss.backward();
        return (result.Loss.item<double>(), current.grad!.Values(), [.. result.Metrics.Select(m => m.Value.item<double>())]);

        Tensor Padded(double[] values) => where(mask, tensor(values, [2, 4]), tensor(content));
    }
}
