using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Adapters;

public sealed class FreezingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly QwenVlPolicy _policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl"), TestDevice.Value);
    private readonly GoldenCase _golden = new("qwen2_5_vl", 0);

    [Fact]
    public void Presets_mean_the_parts_they_are_named_after()
    {
        Freezing.Freeze(_policy.Module, ParameterFilter.VisionTower).Should().Be(Frozen("visual."), "the merger still trains");
        Trainable("visual.").Should().OnlyContain(name => name.StartsWith("visual.merger.", StringComparison.Ordinal));
        Freezing.TrainOnly(_policy.Module, ParameterFilter.Merger);
        Trainable("").Should().BeEquivalentTo(_policy.Weights().Select(w => w.Name).Where(n => n.StartsWith("visual.merger.", StringComparison.Ordinal)));
        Freezing.Unfreeze(_policy.Module, ParameterFilter.Matching(".*"));
        Freezing.Freeze(_policy.Module, ParameterFilter.Embeddings.Or(ParameterFilter.Vision));
        Trainable("").Should().NotContain("model.embed_tokens.weight").And.NotContain(n => n.StartsWith("visual.", StringComparison.Ordinal)).And.Contain("lm_head.weight");
        Freezing.TrainOnly(_policy.Module, ParameterFilter.Vision.Not());
        Trainable("visual.").Should().BeEmpty();
    }

    [Theory]
    [InlineData(@"model\.layers\.[01]\..*")]
    [InlineData(@"model\.language_model\.layers\.[01]\..*")]
    public void A_pattern_means_whole_names_of_either_generation(string pattern)
    {
        Freezing.Freeze(_policy.Module, ParameterFilter.Matching(pattern)).Should().Be(24, "a layer has 12 parameters");
        Frozen("model.layers.0.").Should().Be(12);
        Frozen("").Should().Be(24);
    }

    [Fact]
    public void A_pattern_that_means_nothing_is_an_error_with_candidates()
    {
        var freeze = () => Freezing.Freeze(_policy.Module, ParameterFilter.Matching("vision"));
        freeze.Should().Throw<ArgumentException>().WithMessage("*'vision'*found none*Candidates: *visual.*");
    }

    [CpuFact("a GPU adds the parts of a gradient in any order")]
    public void A_frozen_vision_tower_has_no_graph_and_changes_no_other_gradient()
    {
        var before = Gradients();
        Freezing.Freeze(_policy.Module, ParameterFilter.Vision);
        using (var features = _policy.Vision(_golden.Prompt.Pixels!, _golden.Prompt.Grids)) features.requires_grad.Should().BeFalse("nothing in it trains");
        var after = Gradients();
        after.Keys.Should().NotContain(name => name.StartsWith("visual.", StringComparison.Ordinal)).And.HaveCount(before.Count(g => !g.Key.StartsWith("visual.", StringComparison.Ordinal)));
        foreach (var (name, gradient) in after) gradient.eq(before[name]).all().item<bool>().Should().BeTrue(name);
    }

    [CpuFact("a GPU adds the parts of a gradient in any order")]
    public void With_the_merger_alone_trainable_the_tower_before_it_keeps_no_graph()
    {
        var before = Gradients();
        Freezing.TrainOnly(_policy.Module, ParameterFilter.Merger);
        var after = Gradients();
        after.Keys.Should().OnlyContain(name => name.StartsWith("visual.merger.", StringComparison.Ordinal)).And.NotBeEmpty();
        foreach (var (name, gradient) in after) gradient.eq(before[name]).all().item<bool>().Should().BeTrue(name);
    }

    [Fact]
    public void Frozen_parameters_have_no_optimizer_state()
    {
        Freezing.TrainOnly(_policy.Module, ParameterFilter.Merger);
        using var optimizer = new AdamWOptimizer(_policy.Module);
        using (var scores = _policy.Score(_golden.Sequence)) scores.LogProbs.sum().backward();
        optimizer.Step();
        using var state = new MemoryStream();
        optimizer.Save(state);
        var numbers = _policy.Weights().Where(w => w.Name.StartsWith("visual.merger.", StringComparison.Ordinal)).Sum(w => w.Value.numel());
        // Two float32 moments a number, and some names.
        state.Length.Should().BeInRange(8 * numbers, (long)(8.1 * numbers) + 1000);
    }

    public void Dispose()
    {
        _policy.Dispose();
        _golden.Dispose();
        _scope.Dispose();
    }

    private Dictionary<string, Tensor> Gradients()
    {
        _policy.Module.zero_grad();
        using var scores = _policy.Score(_golden.Sequence);
        scores.LogProbs.mean().backward();
        return _policy.Weights().Where(w => w.Value.grad is not null).ToDictionary(w => w.Name, w => w.Value.grad!.clone());
    }

    private string[] Trainable(string prefix)
        => [.. _policy.Weights().Where(w => w.Name.StartsWith(prefix, StringComparison.Ordinal) && w.Value.requires_grad).Select(w => w.Name)];

    private int Frozen(string prefix) => _policy.Weights().Count(w => w.Name.StartsWith(prefix, StringComparison.Ordinal) && !w.Value.requires_grad);
}
