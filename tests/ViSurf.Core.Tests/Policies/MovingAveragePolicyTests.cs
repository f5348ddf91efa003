using FluentAssertions;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Policies;

public sealed class MovingAveragePolicyTests
{
    [Fact]
    public void The_average_moves_a_part_of_the_way()
    {
        using var scope = NewDisposeScope();
        var (average, trained) = (TinyText.Policy(1), TinyText.Policy(2));
        var (before, target) = (Weights(average), Weights(trained));
        var reference = new MovingAveragePolicy(average, trained);
        reference.Update(0.25);
        Near(Weights(average), [.. before.Zip(target, (a, b) => 0.75 * a + 0.25 * b)]);
        Weights(trained).Should().Equal(target, "only the average moves");
        reference.Update(1);
        Near(Weights(average), target);
    }

    [Fact]
    public void It_scores_without_gradient()
    {
        using var scope = NewDisposeScope();
        using var prompts = TinyText.Prompts("a");
        using var sequences = Core.Encoding.Collator.Sequences(prompts, [(0, TinyText.Encoder.EncodeAnswer("b"))]);
        using var scores = new MovingAveragePolicy(TinyText.Policy(1), TinyText.Policy(2)).Score(sequences);
        scores.LogProbs.requires_grad.Should().BeFalse();
    }

    [Fact]
    public void Another_architecture_and_the_policy_itself_are_refused()
    {
        var policy = TinyText.Policy(1);
        FluentActions.Invoking(() => new MovingAveragePolicy(new ModulePolicy(new TinyModule(1, width: 8)), policy))
            .Should().Throw<ArgumentException>().WithMessage("*'embedding.weight' of shape [128, 8], got [128, 16]*one architecture*");
        FluentActions.Invoking(() => new MovingAveragePolicy(policy, policy)).Should().Throw<ArgumentException>().WithMessage("*Load the checkpoint a second time*");
    }

    private static double[] Weights(IPolicy policy) => [.. policy.Module.parameters().SelectMany(p => p.Values())];

    private static void Near(double[] actual, double[] expected)
        => actual.Zip(expected, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(1e-6);
}
