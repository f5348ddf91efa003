using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

public sealed class AdamWOptimizerTests
{
    [Fact]
    public void Thirty_updates_equal_those_of_torch()
    {
        using var scope = NewDisposeScope();
        using var ours = Layer(ScalarType.Float64);
        using var theirs = Layer(ScalarType.Float64);
        using var optimizer = new AdamWOptimizer(ours, new AdamWOptions { LearningRate = _ => 0.01, WeightDecay = 0.1 });
        using var torchs = optim.AdamW(theirs.parameters(), lr: 0.01, weight_decay: 0.1);
        for (var i = 0; i < 30; i++)
        {
            Loss(ours, i).backward();
            optimizer.Step();
            optimizer.ZeroGradients();
            torchs.zero_grad();
            Loss(theirs, i).backward();
            torchs.step();
        }
        foreach (var (a, b) in ours.parameters().Zip(theirs.parameters()))
            (a - b).abs().max().item<double>().Should().BeLessThan(1e-14);
        optimizer.Updates.Should().Be(30);
    }

    [Fact]
    public void Scaling_the_gradient_inside_the_update_equals_scaling_it_before()
    {
        using var scope = NewDisposeScope();
        using var inside = Layer(ScalarType.Float64);
        using var before = Layer(ScalarType.Float64);
        using var a = new AdamWOptimizer(inside, new AdamWOptions { LearningRate = _ => 0.01 });
        using var b = new AdamWOptimizer(before, new AdamWOptions { LearningRate = _ => 0.01 });
        for (var i = 0; i < 5; i++)
        {
            Loss(inside, i).backward();
            a.Step(gradientScale: 0.25);
            a.ZeroGradients();
            Loss(before, i).Times(0.25).backward();
            b.Step();
            b.ZeroGradients();
        }
        foreach (var (x, y) in inside.parameters().Zip(before.parameters()))
            (x - y).abs().max().item<double>().Should().BeLessThan(1e-14);
    }

    [Fact]
    public void The_gradient_norm_is_that_of_all_gradients_together()
    {
        using var scope = NewDisposeScope();
        using var layer = Layer();
        using var optimizer = new AdamWOptimizer(layer);
        optimizer.GradientNorm().item<float>().Should().Be(0);
        // d/dw Σ 3w + Σ 4b: six weights with gradient 3, two biases with gradient 4
        layer.weight!.sum().Times(3).Plus(layer.bias!.sum().Times(4)).backward();
        optimizer.GradientNorm().item<float>().Should().BeApproximately((float)Math.Sqrt(6 * 9 + 2 * 16), 1e-5f);
    }

    [Theory]
    [InlineData(0.5, 1.0, 1.0)]          // below the limit: untouched
    [InlineData(4.0, 1.0, 0.25)]         // 1 / 4
    [InlineData(4.0, double.PositiveInfinity, 1.0)]
    public void Clipping_scales_down_to_the_limit_and_never_up(double norm, double limit, double scale)
        => AdamWOptimizer.ClipScale(norm, limit).Should().BeApproximately(scale, 1e-6);

    [Fact]
    public void Weight_decay_spares_vectors_when_asked()
    {
        using var scope = NewDisposeScope();
        using var layer = Layer();
        var (weight, bias) = (layer.weight!.clone(), layer.bias!.clone());
        using var optimizer = new AdamWOptimizer(layer, new AdamWOptions { LearningRate = _ => 0.5, WeightDecay = 0.1, DecayVectors = false });
        layer.weight!.sum().Times(0).Plus(layer.bias!.sum().Times(0)).backward();   // no gradient, only decay: w × (1 − 0.5 × 0.1)
        optimizer.Step();
        layer.weight!.allclose(weight.Times(0.95)).Should().BeTrue();
        layer.bias!.equal(bias).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void A_saved_state_continues_bit_for_bit()
    {
        using var scope = NewDisposeScope();
        using var whole = Layer();
        using var first = new AdamWOptimizer(whole, Options());
        Train(whole, first, 0, 10);

        using var part = Layer();
        using var stopped = new AdamWOptimizer(part, Options());
        Train(part, stopped, 0, 4);
        using var file = new MemoryStream();
        stopped.Save(file);
        file.Position = 0;
        using var resumed = new AdamWOptimizer(part, Options());
        resumed.Load(file);
        resumed.Updates.Should().Be(4);
        Train(part, resumed, 4, 10);

        foreach (var (a, b) in whole.parameters().Zip(part.parameters())) a.equal(b).all().item<bool>().Should().BeTrue();
        AdamWOptions Options() => new() { LearningRate = LearningRate.Linear(0.1, 10) };
    }

    [Fact]
    public void A_state_of_other_parameters_is_refused_by_name()
    {
        using var scope = NewDisposeScope();
        using var layer = Layer();
        using var tiny = new TinyModule(0);
        using var saved = new AdamWOptimizer(layer);
        using var other = new AdamWOptimizer(tiny);
        using var file = new MemoryStream();
        saved.Save(file);
        file.Position = 0;
        FluentActions.Invoking(() => other.Load(file)).Should().Throw<InvalidDataException>().WithMessage("*parameters*got 2*");
    }

    [Fact]
    public void A_frozen_module_is_refused()
    {
        using var layer = Layer();
        foreach (var p in layer.parameters()) p.requires_grad = false;
        FluentActions.Invoking(() => new AdamWOptimizer(layer)).Should().Throw<ArgumentException>().WithMessage("*trainable*");
    }

    private static void Train(Linear layer, AdamWOptimizer optimizer, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            Loss(layer, i).backward();
            optimizer.Step();
            optimizer.ZeroGradients();
        }
    }

    private static Tensor Loss(Linear layer, int i)
    {
        var x = ScalarOps.Range(6).to_type(layer.weight!.dtype).reshape(2, 3).Minus(i % 4);
        return layer.call(x).Minus(i).pow(Scalars.Of(2)).mean();
    }

    private static Linear Layer(ScalarType type = ScalarType.Float32)
    {
        var layer = nn.Linear(3, 2);
        using var grad = no_grad();
        layer.weight!.copy_(ScalarOps.Range(6).to_type(ScalarType.Float32).reshape(2, 3).Over(10).Plus(-0.2));
        layer.bias!.copy_(tensor(new[] { 0.5f, -0.25f }));
        return (Linear)layer.to(type);
    }
}
