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
    public void A_restored_average_is_the_saved_one_to_the_last_bit_and_goes_on_like_it()
    {
        using var scope = NewDisposeScope();
        var (average, trained) = (TinyText.Policy(1), TinyText.Policy(2));
        var reference = new MovingAveragePolicy(average, trained);
        reference.Update(0.3);
        var saved = reference.State.ToDictionary(p => p.Key, p => p.Value.clone());
        saved.Keys.Should().BeEquivalentTo(average.Module.named_parameters().Select(p => p.name));

        var resumedAverage = TinyText.Policy(5);
        var resumed = new MovingAveragePolicy(resumedAverage, trained);
        resumed.Restore(saved);
        Weights(resumedAverage).Should().Equal(Weights(average));
        reference.Update(0.3);
        resumed.Update(0.3);
        Weights(resumedAverage).Should().Equal(Weights(average)).And.NotEqual(saved.Values.SelectMany(v => v.Values()));
    }

    [Fact]
    public void A_state_that_does_not_fit_is_refused_and_changes_nothing()
    {
        using var scope = NewDisposeScope();
        var average = TinyText.Policy(1);
        var reference = new MovingAveragePolicy(average, TinyText.Policy(2));
        var before = Weights(average);
        var whole = TinyText.Policy(3).Module.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter);
        var last = whole.Keys.Last();
        Refused(new(whole.Where(p => p.Key != last)), $"*'{last}'*found none*");
        Refused(new(whole) { ["stranger"] = zeros(1) }, "*'stranger'*does not have*");
        Refused(new(whole) { [last] = zeros(1) }, $"*'{last}'*got Float32 *1*");
        Refused(new(whole) { [last] = whole[last].to(ScalarType.Float64) }, $"*'{last}'*got Float64*");
        Weights(average).Should().Equal(before);

        void Refused(Dictionary<string, Tensor> state, string message)
            => reference.Invoking(r => r.Restore(state)).Should().Throw<InvalidDataException>().WithMessage(message);
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
