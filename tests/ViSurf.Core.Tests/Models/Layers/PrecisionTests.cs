using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.QwenVl.Groups;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Layers;

/// <summary>What a bfloat16 policy computes in float32 all the same.</summary>
public sealed class PrecisionTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly IDisposable _noGrad = no_grad();

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float32)]    // the residual stream of a bfloat16 policy
    public void A_norm_is_computed_in_float32_and_rounded_once(ScalarType input)
    {
        using var narrow = new RmsNorm(64, 1e-6, ScalarType.BFloat16, TestDevice.Value);
        narrow.weight.copy_(randn(64).Plus(1));
        // Squares up to 1e6 and sums of 64 of them: in bfloat16 the mean alone would be off by some percent.
        var x = randn(50, 64).Times(1000).to_type(input);
        var y = narrow.forward(x);
        var wide = x.to_type(ScalarType.Float64);
        var exact = wide / (wide * wide).mean([-1], keepdim: true).Plus(1e-6).sqrt() * narrow.weight.to_type(ScalarType.Float64);
        y.dtype.Should().Be(ScalarType.BFloat16);
        // One rounding is off by half a spacing, 2⁻⁸ of the number at most; two would reach 2⁻⁷.
        ((y.to_type(ScalarType.Float64) - exact).abs() / exact.abs()).max().item<double>().Should().BeLessThan((1.0 / 256) + 1e-6);
        y.eq(exact.to_type(ScalarType.BFloat16)).to_type(ScalarType.Float64).mean().item<double>().Should().BeGreaterThan(0.999);
    }

    [Fact]
    public void A_layer_with_bias_rounds_once()
    {
        using var layer = new Dense(64, 32, bias: true, ScalarType.BFloat16, TestDevice.Value);
        layer.weight.copy_(randn(32, 64));
        layer.bias!.copy_(randn(32).Times(10));
        var x = randn(2, 25, 64).to_type(ScalarType.BFloat16);
        var exact = x.to_type(ScalarType.Float64).matmul(layer.weight.to_type(ScalarType.Float64).t()).Plus(layer.bias.to_type(ScalarType.Float64));
        var y = layer.forward(x);
        y.shape.Should().Equal(2, 25, 32);
        y.eq(exact.to_type(ScalarType.BFloat16)).to_type(ScalarType.Float64).mean().item<double>().Should().BeGreaterThan(0.98, "a second rounding would change every third number");
    }

    [Fact]
    public void Keys_are_turned_by_float32_angles_at_far_positions()
    {
        // One token over and over: before rotation the key of every position is the one at position 0, where nothing turns.
        const int Length = 1500;
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl"), TestDevice.Value, ScalarType.BFloat16);
        using var prompt = new EncodedPrompt(VisionExample.Ask("far", "?", null), [.. Enumerable.Repeat(65, Length)], [], null);
        using var batch = Collator.Prompts([prompt]);
        var module = (QwenVlModule)policy.Module;
        var layout = GroupLayout.Of(batch.Prompts, policy.Config);
        Tensor? first = null;
        using var plain = new Recomputation(active: false);
        using var attention = new GroupAttention(layout, ScalarType.BFloat16, module.Device,
            (layer, key, _) => first = layer == 0 ? key.select(1, 0).to_type(ScalarType.Float64).DetachFromDisposeScope() : first);
        GroupPass.Run(module, layout, batch, attention, plain);
        using var keys = first!;                                                       // [L, d]
        var config = policy.Config.Text;
        var half = config.HeadSize / 2;
        foreach (var position in new[] { 1, 700, Length - 1 })
        {
            for (var i = 0; i < half; i++)
            {
                var angle = position * (double)Rotary.InverseFrequencies(config.HeadSize, config.RopeTheta)[i];
                var (a, b) = (keys[0, i].item<double>(), keys[0, i + half].item<double>());
                // Angles in bfloat16 would be off by up to 1500 / 512 = 3 rad; in float32 by 1e-4.
                var tolerance = Math.Sqrt((a * a) + (b * b)) / 200;
                keys[position, i].item<double>().Should().BeApproximately((a * Math.Cos(angle)) - (b * Math.Sin(angle)), tolerance, $"position {position}, pair {i}");
                keys[position, i + half].item<double>().Should().BeApproximately((b * Math.Cos(angle)) + (a * Math.Sin(angle)), tolerance, $"position {position}, pair {i}");
            }
        }
    }

    [Fact]
    public void Scores_of_a_bfloat16_policy_are_float32_log_softmax_of_its_logits()
    {
        using var golden = new GoldenCase("qwen2_5_vl", 2);
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl"), TestDevice.Value, ScalarType.BFloat16);
        using var scores = policy.Score(golden.Sequence);
        scores.LogProbs.dtype.Should().Be(ScalarType.Float32);
        // The first token's logits are the same numbers in scoring and decoding; log-probabilities near −8 have a spacing of 2⁻⁵ in bfloat16.
        using var session = policy.Decode(golden.Prompts, 1, 1);
        var exact = session.Next(null).to_type(ScalarType.Float64).log_softmax(-1)[0, golden.AnswerIds[0]].item<double>();
        scores.LogProbs[0, 0].item<float>().Should().BeApproximately((float)exact, 1e-4f);
    }

    public void Dispose()
    {
        _noGrad.Dispose();
        _scope.Dispose();
    }
}
