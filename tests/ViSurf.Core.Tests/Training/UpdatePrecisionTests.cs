using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Advantages;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Objectives;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

/// <summary>Which numbers of a step are wide, and what a frozen part costs.</summary>
public sealed class UpdatePrecisionTests : IDisposable
{
    private const string Model = "qwen2_5_vl";
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly GoldenCase _golden = new(Model, 0);

    [Fact]
    public void Advantages_are_computed_in_doubles_and_reach_the_loss_in_float32()
    {
        // Rewards that differ in the ninth digit: one in float32, two in double. Mean-centred: −5e-9, +5e-9.
        var advantages = AdvantageEstimators.MeanCentered()([Scored.Group([1, 1 + 1e-8])])[0];
        advantages[1].Should().BeApproximately(5e-9, 1e-15);
        var rows = advantages.Select(a => new TrainingRow(0, new Completion([65, 66], "text", FinishReason.Stop, CompletionSource.Policy), a, 0.5)).ToArray();
        using var batch = MicroBatch.Build(rows, [_golden.Prompt]);
        using var update = batch.Update(new LossScale(2, 0, 2, 0, 8), TestDevice.Value);
        update.Advantages.dtype.Should().Be(ScalarType.Float32);
        update.SequenceWeights.dtype.Should().Be(ScalarType.Float32);
        update.Advantages[1, 0].item<float>().Should().BeApproximately(5e-9f, 1e-15f);
    }

    [Fact]
    public void Only_what_trains_has_gradients_master_copies_and_moments()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value, ScalarType.BFloat16);
        Freezing.Freeze(policy.Module, ParameterFilter.Vision.Or(ParameterFilter.Embeddings));
        using var optimizer = new AdamWOptimizer(policy.Module, new AdamWOptions { LearningRate = _ => 1e-2 });
        var before = policy.Weights().ToDictionary(w => w.Name, w => w.Value.detach().clone());
        using (var scores = policy.Score(_golden.Sequence)) scores.LogProbs.mean().backward();
        foreach (var (name, weight) in policy.Weights()) (weight.grad is not null).Should().Be(weight.requires_grad, name);
        optimizer.Step();
        var trained = policy.Weights().Where(w => w.Value.requires_grad).Sum(w => w.Value.numel());
        optimizer.StateBytes.Should().Be(12 * trained, "two float32 moments and a float32 copy");
        foreach (var (name, weight) in policy.Weights()) weight.eq(before[name]).all().item<bool>().Should().Be(!weight.requires_grad, name);
    }

    [Fact]
    public void Factors_of_an_adapter_are_float32_and_need_no_master_copy()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value, ScalarType.BFloat16);
        using var adapter = LoraAdapter.Attach(policy, new LoraConfig { TargetModules = ModuleSelection.AllLinear, Rank = 4 });
        using var optimizer = new AdamWOptimizer(policy.Module);
        using (var scores = policy.Score(_golden.Sequence)) scores.LogProbs.mean().backward();
        optimizer.Step();
        var factors = policy.Module.named_parameters().Where(p => p.parameter.requires_grad).ToArray();
        factors.Should().OnlyContain(p => p.name.Contains("lora_") && p.parameter.dtype == ScalarType.Float32).And.NotBeEmpty();
        optimizer.StateBytes.Should().Be(8 * factors.Sum(p => p.parameter.numel()), "two float32 moments");
    }

    public void Dispose()
    {
        _golden.Dispose();
        _scope.Dispose();
    }
}
