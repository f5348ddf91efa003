using System.Runtime.InteropServices;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Common;

/// <summary>libtorch calls a recomputed part in the backward pass: an exception that left it there would end the process.</summary>
public sealed class RecomputationFailureTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Parameter _weight = new(ones([4, 4], ScalarType.Float32, CPU));
    private int _backward;

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void What_a_part_throws_in_the_backward_pass_comes_out_of_Backward_as_it_was_thrown()
    {
        using var scores = Scores(failing: 1);
        var run = () => scores.Backward(scores.LogProbs.sum());
        run.Should().Throw<NotImplementedException>().WithMessage("part 1").And.StackTrace.Should().Contain(nameof(Broken), "the place it came from is still known");
        _backward.Should().Be(2, "parts 2 and 1 ran; what comes before them in the network is not computed from a gradient that is not there");
        _weight.grad.Should().NotBeNull("part 2's share was added before").And.Match(g => ((Tensor)g).sum().item<float>() > 0);
    }

    [Fact]
    public void A_loop_that_calls_backward_itself_is_stopped_and_told_when_it_disposes_the_scores()
    {
        var run = () =>
        {
            using var scores = Scores(failing: 2);
            scores.LogProbs.sum().backward();
            throw new InvalidOperationException("The next line, such as an optimizer's step, must not be reached.");
        };
        run.Should().Throw<NotImplementedException>().WithMessage("part 2");
        _backward.Should().Be(1);
    }

    [Fact]
    public void A_failure_is_told_once()
    {
        var scores = Scores(failing: 0);
        ((Action)(() => scores.LogProbs.sum().backward())).Should().Throw<ExternalException>("libtorch gave up");
        ((Action)scores.Dispose).Should().Throw<NotImplementedException>();
        ((Action)scores.Dispose).Should().NotThrow();
    }

    [Fact]
    public void Scores_that_are_disposed_before_their_backward_pass_end_it_and_not_the_process()
    {
        using var pass = new Recomputation(active: true);
        var loss = pass.Run(x => x.matmul(_weight), ones([2, 4], ScalarType.Float32, CPU), () => _weight).sum();
        pass.Dispose();
        loss.Invoking(l => l.backward()).Should().Throw<ExternalException>();
        pass.Invoking(p => p.ThrowFailure()).Should().Throw<ObjectDisposedException>().WithMessage("*live until their backward pass*");
    }

    [Fact]
    public void The_libtorch_that_the_library_is_tested_with_can_recompute()
        => ((Action)CustomAutograd.EnsureSupported).Should().NotThrow();

    [Fact]
    public void A_libtorch_without_the_functions_it_takes_is_refused_with_what_to_do()
    {
        TorchSymbols.Missing("_ZN2at13globalContextEv", "_ZN5torch8autograd10deleteNodeEPNS0_5OtherE")
            .Should().BeSubsetOf(["_ZN5torch8autograd10deleteNodeEPNS0_5OtherE"]);
        CustomAutograd.Refusal([]).Should().BeNull();
        CustomAutograd.Refusal(["_ZN5torch8autograd10deleteNodeEPNS0_4NodeE"]).Should()
            .Contain("torch::autograd::deleteNode").And.Contain("2.10 for TorchSharp 0.107").And.Contain("RecomputeLayers = false");
    }

    /// <summary>Three parts, each a product with the weight; the one of that index cannot be computed again.</summary>
    private TokenScores Scores(int failing)
    {
        var pass = new Recomputation(active: true);
        var x = ones([2, 4], ScalarType.Float32, CPU);
        for (var i = 0; i < 3; i++)
        {
            var (index, calls) = (i, 0);
            x = pass.Run(h => ++calls > 1 ? Broken(h, index, index == failing) : h.matmul(_weight), x, () => _weight);
        }
        var scores = new TokenScores(x.DetachFromDisposeScope());
        scores.Owns(pass);
        return scores;
    }

    private Tensor Broken(Tensor x, int index, bool fails)
    {
        _backward++;
        return fails ? throw new NotImplementedException($"part {index}") : x.matmul(_weight);
    }
}
