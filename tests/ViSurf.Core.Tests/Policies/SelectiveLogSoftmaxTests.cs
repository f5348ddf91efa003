using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Policies;

public sealed class SelectiveLogSoftmaxTests
{
    [Fact]
    public void Two_equal_logits_give_one_half_each()
    {
        using var scope = NewDisposeScope();
        var (logProbs, entropy) = SelectiveLogSoftmax.OfLogits(zeros([1, 2]), zeros([1], ScalarType.Int64), withEntropy: true);
        logProbs.Values()[0].Should().BeApproximately(-Math.Log(2), 1e-7);
        entropy!.Values()[0].Should().BeApproximately(Math.Log(2), 1e-7);
    }

    [Fact]
    public void The_temperature_divides_the_logits()
    {   // Logits 0 and 2 at temperature 2 are 0 and 1: log σ(1) for the second.
        using var scope = NewDisposeScope();
        var (logProbs, _) = SelectiveLogSoftmax.OfLogits(tensor(new[] { 0.0, 2.0 }, [1, 2]), ones([1], ScalarType.Int64), 2.0);
        logProbs.dtype.Should().Be(ScalarType.Float64);
        logProbs.Values()[0].Should().BeApproximately(-Math.Log(1 + Math.Exp(-1)), 1e-15);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(100, false)]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(100, true)]
    public void Values_and_gradients_are_those_of_the_whole_log_softmax_for_any_chunk(int chunk, bool frozenHead)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        var hiddenValues = TestDevice.Randn([7, 4], generator, ScalarType.Float64);
        var weightValues = TestDevice.Randn([11, 4], generator, ScalarType.Float64);
        var ids = TestDevice.RandInt(0, 11, [7], generator);
        var (upstream, upstreamEntropy) = (TestDevice.Randn([7], generator, ScalarType.Float64), TestDevice.Randn([7], generator, ScalarType.Float64));

        var (hidden, weight) = (hiddenValues.clone().requires_grad_(), weightValues.clone().requires_grad_(!frozenHead));
        using var plain = new Recomputation(active: false);
        var (logProbs, entropy) = SelectiveLogSoftmax.Chunked(hidden, rows => rows.matmul(weight.t()), ids, 0.7, true, chunk, plain, () => null);
        (logProbs * upstream).sum().Plus((entropy! * upstreamEntropy).sum()).backward();

        var (wholeHidden, wholeWeight) = (hiddenValues.clone().requires_grad_(), weightValues.clone().requires_grad_());
        var distribution = wholeHidden.matmul(wholeWeight.t()).Over(0.7).log_softmax(-1);
        var wholeLogProbs = distribution.gather(1, ids.unsqueeze(1)).squeeze(1);
        var wholeEntropy = -(distribution.exp() * distribution).sum(-1);
        (wholeLogProbs * upstream).sum().Plus((wholeEntropy * upstreamEntropy).sum()).backward();

        Close(logProbs, wholeLogProbs);
        Close(entropy!, wholeEntropy);
        Close(hidden.grad!, wholeHidden.grad!);
        if (!frozenHead) Close(weight.grad!, wholeWeight.grad!);
    }

    [Fact]
    public void Without_grad_mode_nothing_is_kept_for_a_backward_pass()
    {
        using var scope = NewDisposeScope();
        var hidden = randn([3, 4]).requires_grad_();
        using var grad = no_grad();
        var (logProbs, _) = SelectiveLogSoftmax.OfHidden(hidden, rows => rows, 4, zeros([3], ScalarType.Int64));
        logProbs.requires_grad.Should().BeFalse();
    }

    [Fact]
    public void Half_precision_logits_are_scored_in_float32()
    {
        using var scope = NewDisposeScope();
        var logits = randn([2, 5]).to(ScalarType.BFloat16);
        var ids = zeros([2], ScalarType.Int64);
        var (logProbs, _) = SelectiveLogSoftmax.OfLogits(logits, ids);
        var (expected, _) = SelectiveLogSoftmax.OfLogits(logits.to(ScalarType.Float32), ids);
        logProbs.dtype.Should().Be(ScalarType.Float32);
        logProbs.Values().Should().Equal(expected.Values());
    }

    [Fact]
    public void An_impossible_token_has_no_part_in_the_entropy()
    {   // Two tokens of probability one half and one of probability 0.
        using var scope = NewDisposeScope();
        var logits = tensor(new[] { 1.0, 1.0, double.NegativeInfinity }, [1, 3]);
        var (_, entropy) = SelectiveLogSoftmax.OfLogits(logits, zeros([1], ScalarType.Int64), withEntropy: true);
        entropy!.Values()[0].Should().BeApproximately(Math.Log(2), 1e-12);
    }

    [Fact]
    public void No_rows_give_no_scores()
    {
        using var scope = NewDisposeScope();
        var (logProbs, entropy) = SelectiveLogSoftmax.OfLogits(zeros([0, 3]), zeros([0], ScalarType.Int64), withEntropy: true);
        logProbs.shape.Should().Equal(0);
        entropy!.shape.Should().Equal(0);
    }

    private static void Close(Tensor actual, Tensor expected)
    {
        actual.shape.Should().Equal(expected.shape);
        var (a, e) = (actual.Values(), expected.Values());
        for (var i = 0; i < e.Length; i++) a[i].Should().BeApproximately(e[i], 1e-12);
    }
}
