using FluentAssertions;
using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Policies;

public sealed class FrozenHeadTests
{
    [Theory]
    [InlineData(1.0, false)]
    [InlineData(0.7, true)]
    [InlineData(1.3, true)]
    public void Values_and_gradients_are_those_of_autograd_through_the_head(double temperature, bool withEntropy)
    {
        using var scope = NewDisposeScope();
        using var random = new Generator(1);
        var (hidden, weight) = (TestDevice.Randn([7, 5], random, ScalarType.Float64), TestDevice.Randn([11, 5], random, ScalarType.Float64));
        var ids = tensor(new[] { 0L, 10, 3, 3, 7, 1, 5 });
        var (mine, theirs) = (hidden.clone().requires_grad_(), hidden.clone().requires_grad_());

        // Chunks of 3, 3 and 1 rows.
        var made = FrozenHead.Scores(mine, weight, ids, temperature, withEntropy, rows: 3);
        var plain = SelectiveLogSoftmax.OfHidden(theirs, h => nn.functional.linear(h, weight), 11, ids, temperature, withEntropy);

        Close(made.LogProbs, plain.LogProbs);
        Close(Gradient(made, mine), Gradient(plain, theirs));
        (made.Entropy is null).Should().Be(!withEntropy);
        if (withEntropy) Close(made.Entropy!, plain.Entropy!);
    }

    [Fact]
    public void One_row_by_hand()
    {
        using var scope = NewDisposeScope();
        // Logits (h, 0) with h = ln 3: probabilities 3/4 and 1/4.
        var hidden = tensor(new[] { Math.Log(3) }).reshape(1, 1).requires_grad_();
        var weight = tensor(new[] { 1.0, 0 }).reshape(2, 1);

        var (logProb, entropy) = FrozenHead.Scores(hidden, weight, tensor(new[] { 0L }), 1, withEntropy: true);

        logProb.item<double>().Should().BeApproximately(Math.Log(0.75), 1e-12);
        // ∂ log p₀ / ∂h = 1 − 3/4.
        autograd.grad([logProb.sum()], [hidden], retain_graph: true)[0].item<double>().Should().BeApproximately(0.25, 1e-12);
        // ∂S / ∂h = −p₀ (log p₀ + S) = −p₀ p₁ (log p₀ − log p₁).
        autograd.grad([entropy!.sum()], [hidden])[0].item<double>().Should().BeApproximately(-0.1875 * Math.Log(3), 1e-12);
    }

    [Fact]
    public void No_rows_are_no_numbers()
    {
        using var scope = NewDisposeScope();
        var hidden = zeros([0, 4]).requires_grad_();

        var (logProbs, entropy) = FrozenHead.Scores(hidden, ones([6, 4]), zeros([0], ScalarType.Int64), 1, withEntropy: true);

        logProbs.shape.Should().Equal(0);
        entropy!.shape.Should().Equal(0);
        logProbs.requires_grad.Should().BeTrue();
    }

    private static Tensor Gradient((Tensor LogProbs, Tensor? Entropy) scores, Tensor hidden)
    {
        var rows = tensor(new[] { 1.0, 2, 3, 4, 5, 6, 7 });
        var sum = (scores.LogProbs * rows).sum();
        return autograd.grad([scores.Entropy is null ? sum : sum.Plus((scores.Entropy * rows).sum())], [hidden])[0];
    }

    private static void Close(Tensor made, Tensor expected) => (made - expected).abs().max().item<double>().Should().BeLessThan(1e-12);
}
