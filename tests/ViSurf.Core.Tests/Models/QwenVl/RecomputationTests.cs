using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Common;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>Layers that are computed again in the backward pass give the gradients of layers that are kept.</summary>
public sealed class RecomputationTests
{
    [Theory]
    [InlineData("qwen2_vl", false)]
    [InlineData("qwen2_5_vl", false)]
    [InlineData("qwen2_5_vl_tied", true)]
    [InlineData("qwen3_vl", false)]
    public void Scores_and_every_gradient_are_those_of_kept_layers(string model, bool frozenTower)
    {
        using var kept = QwenVlPolicy.FromDirectory(Fixtures.PathOf(model), new QwenVlOptions { Device = TestDevice.Value });
        using var recomputed = QwenVlPolicy.FromDirectory(Fixtures.PathOf(model), new QwenVlOptions { Device = TestDevice.Value, RecomputeLayers = true });
        if (frozenTower)
            foreach (var policy in new[] { kept, recomputed }) Freezing.Freeze(policy.Module, ParameterFilter.Vision);
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var expected = Backward(kept, model);
        var actual = Backward(recomputed, model);
        actual.LogProbs.Should().Equal(expected.LogProbs, "the forward pass is the same");
        actual.Gradients.Keys.Should().BeEquivalentTo(expected.Gradients.Keys);
        foreach (var (name, gradient) in expected.Gradients)
            actual.Gradients[name].Should().BeApproximately(gradient, Tolerance.Of(1e-5f) * gradient + 1e-9f, name);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(live, "what the backward pass needed is gone with the scores");
    }

    [Fact]
    public void A_head_that_is_computed_again_gives_the_same_log_probabilities_entropies_and_gradients()
    {
        using var scope = NewDisposeScope();
        var (hidden, ids) = (randn(300, 8), randint(0, 50, [300]));
        var weight = new TorchSharp.Modules.Parameter(randn(50, 8));
        var pull = randn(300);
        (float[] LogProbs, float[] Hidden, float[] Weight) Run(Recomputation? recomputation)
        {
            var h = hidden.detach().clone().requires_grad_();
            if (weight.grad is not null) weight.grad.zero_();
            Tensor Head(Tensor rows) => nn.functional.linear(rows, weight);
            // A vocabulary of 2^18 in name: chunks of 64 rows.
            var (logProbs, entropy) = recomputation is null
                ? SelectiveLogSoftmax.OfHidden(h, Head, 1 << 18, ids, 0.7, true)
                : SelectiveLogSoftmax.OfHidden(h, Head, 1 << 18, ids, 0.7, true, recomputation, () => weight);
            (logProbs.Plus(entropy!.Times(0.5)) * pull).sum().backward();
            return (logProbs.data<float>().ToArray(), h.grad!.data<float>().ToArray(), weight.grad!.data<float>().ToArray());
        }
        var expected = Run(null);
        using var again = new Recomputation(active: true);
        var actual = Run(again);
        actual.LogProbs.Should().Equal(expected.LogProbs);
        actual.Hidden.Zip(expected.Hidden).Should().OnlyContain(p => Math.Abs(p.First - p.Second) < Tolerance.Of(1e-5f));
        actual.Weight.Zip(expected.Weight).Should().OnlyContain(p => Math.Abs(p.First - p.Second) < 1e-4f);
    }

    private static (float[] LogProbs, Dictionary<string, float> Gradients) Backward(QwenVlPolicy policy, string model)
    {
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase(model, 0);
        using var batch = Collator.Sequences(golden.Prompts, [(0, golden.AnswerIds), (0, golden.AnswerIds[..3])], 1, withEntropy: true);
        using var scores = policy.Score(batch);
        scores.LogProbs.sum().Plus(scores.Entropy!.sum()).backward();
        var gradients = policy.Module.named_parameters().Where(p => p.parameter.grad is not null)
            .ToDictionary(p => p.name, p => p.parameter.grad!.norm().item<float>());
        policy.Module.zero_grad(set_to_none: true);
        return (scores.LogProbs.data<float>().ToArray(), gradients);
    }
}
