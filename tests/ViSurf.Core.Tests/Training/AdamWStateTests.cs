using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

public sealed class AdamWStateTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Theory]
    [InlineData(ScalarType.Float32, ScalarType.Float32, new[] { "exp_avg", "exp_avg_sq" })]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32, new[] { "exp_avg", "exp_avg_sq", "master" })]
    [InlineData(ScalarType.BFloat16, ScalarType.BFloat16, new[] { "exp_avg", "exp_avg_sq", "master" })]
    public void A_restored_state_continues_bit_for_bit(ScalarType weights, ScalarType moments, string[] tensors)
    {
        using var whole = Layer(weights);
        using var first = Optimizer(whole, moments);
        Train(whole, first, 0, 6);

        using var part = Layer(weights);
        using (var stopped = Optimizer(part, moments))
        {
            Train(part, stopped, 0, 3);
            // The bias had no gradient yet (see Train), so it has neither moments nor updates.
            stopped.AsPart().Save().Tensors.Select(t => t.Name).Should().Equal(tensors.Select(name => "weight." + name));
            Save(part, stopped);
        }
        using var resumed = Optimizer(part, moments);
        Load(part, resumed);
        resumed.Updates.Should().Be(3);
        Train(part, resumed, 3, 6);
        foreach (var (a, b) in whole.parameters().Zip(part.parameters())) a.equal(b).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void Another_state_type_and_other_parameters_are_refused()
    {
        using var layer = Layer(ScalarType.Float32);
        using var optimizer = Optimizer(layer, ScalarType.Float32);
        Train(layer, optimizer, 0, 1);
        Save(layer, optimizer);
        using var smaller = Optimizer(layer, ScalarType.BFloat16);
        FluentActions.Invoking(() => Load(layer, smaller)).Should().Throw<InvalidDataException>().WithMessage("*'weight.exp_avg' is Float32 [2, 3], expected BFloat16 [2, 3]*");
        layer.bias!.requires_grad = false;
        using var fewer = Optimizer(layer, ScalarType.Float32);
        FluentActions.Invoking(() => Load(layer, fewer)).Should().Throw<InvalidDataException>().WithMessage("*of the 1 parameters that train here, got 2; 'bias' is one that differs*");
    }

    public void Dispose() => _folder.Dispose();

    private void Save(Linear layer, AdamWOptimizer optimizer)
    {
        using var store = CheckpointStore.Open(_folder.Path);
        store.Save(new CheckpointContent { Step = 1, Weights = CheckpointWeights.Of(layer), Model = ModelShape.Of(layer), Parts = [optimizer.AsPart()] });
    }

    private void Load(Linear layer, AdamWOptimizer optimizer) => CheckpointStore.Scan(_folder.Path)[^1].Restore(CheckpointWeights.Of(layer), [optimizer.AsPart()]);

    private static AdamWOptimizer Optimizer(Linear layer, ScalarType moments)
        => new(layer, new AdamWOptions { LearningRate = LearningRate.Linear(0.1, 10), StateType = moments });

    /// <summary>From update 4 on the bias takes part.</summary>
    private static void Train(Linear layer, AdamWOptimizer optimizer, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            using var scope = NewDisposeScope();
            var x = ScalarOps.Range(6).to_type(layer.weight!.dtype).reshape(2, 3).Minus(i % 4);
            var y = x.matmul(layer.weight!.t());
            (i < 4 ? y : y.Plus(layer.bias!)).Minus(i).pow(Scalars.Of(2)).mean().backward();
            optimizer.Step();
            optimizer.ZeroGradients();
        }
    }

    private static Linear Layer(ScalarType type)
    {
        var layer = nn.Linear(3, 2);
        using var grad = no_grad();
        using var weight = ScalarOps.Range(6).reshape(2, 3).Times(0.1f);
        layer.weight!.copy_(weight);
        layer.bias!.fill_(Scalars.Of(0.5f));
        return (Linear)layer.to(type);
    }
}
