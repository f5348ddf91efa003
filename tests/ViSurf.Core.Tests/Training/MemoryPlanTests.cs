using System.Globalization;
using FluentAssertions;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

public sealed class MemoryPlanTests
{
    private static readonly StepSize Step = new() { PromptTokens = 100, Patches = 64 };
    private static readonly TrainerOptions Options = new() { PromptsPerStep = 4, GroupSize = 3, MaxNewTokens = 20, MaxPromptTokens = 200 };

    [Theory]
    [InlineData(ScalarType.Float32, ScalarType.Float32, true, 4, 8, 0)]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32, true, 2, 8, 4)]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32, false, 2, 8, 0)]
    [InlineData(ScalarType.BFloat16, ScalarType.BFloat16, true, 2, 4, 4)]
    public void Parameters_cost_bytes_by_what_trains_in_which_dtype(ScalarType type, ScalarType state, bool master, int bytes, int moments, int copies)
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl"), TestDevice.Value, type);
        Freezing.Freeze(policy.Module, ParameterFilter.Vision);
        long all = policy.Weights().Sum(w => w.Value.numel()), trained = policy.Weights().Where(w => w.Value.requires_grad).Sum(w => w.Value.numel());
        var optimizer = new AdamWOptions { StateType = state, MasterWeights = master };
        var plan = MemoryPlan.Of(QwenVlMemory.Of(policy), ParameterSize.Of(policy.Module), Step, Options, optimizer);
        Bytes(plan, "weights").Should().Be(bytes * all);
        Bytes(plan, "gradients").Should().Be(bytes * trained);
        Bytes(plan, "AdamW: moments").Should().Be(moments * trained);
        Bytes(plan, "AdamW: float32 copies of weights").Should().Be(copies * trained);
        Bytes(plan, "activations: vision tower").Should().Be(0);

        // And that is what the optimizer then holds.
        using var real = new AdamWOptimizer(policy.Module, optimizer);
        foreach (var (_, weight) in policy.Weights().Where(w => w.Value.requires_grad)) weight.grad = zeros_like(weight);
        real.Step();
        real.StateBytes.Should().Be((moments + copies) * trained);
        real.ZeroGradients();
    }

    [Fact]
    public void An_adapter_trains_little_and_still_keeps_activations()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl"), TestDevice.Value, ScalarType.BFloat16);
        var whole = MemoryPlan.Of(QwenVlMemory.Of(policy), ParameterSize.Of(policy.Module), Step, Options);
        using var adapter = LoraAdapter.Attach(policy, new LoraConfig { TargetModules = ModuleSelection.AllLinear, ExcludeModules = ModuleSelection.Matching(".*visual.*"), Rank = 2 });
        var plan = MemoryPlan.Of(QwenVlMemory.Of(policy), ParameterSize.Of(policy.Module), Step, Options);
        var factors = policy.Module.named_parameters().Where(p => p.parameter.requires_grad).Sum(p => p.parameter.numel());
        Bytes(plan, "AdamW: moments").Should().Be(8 * factors);
        Bytes(plan, "AdamW: float32 copies of weights").Should().Be(0, "factors are float32");
        Bytes(plan, "activations: completions").Should().BeInRange(Bytes(whole, "activations: completions") / 2, Bytes(whole, "activations: completions") - 1);
        plan.Peak.Should().BeLessThan(whole.Peak);
    }

    [Fact]
    public void Pixels_count_for_every_prompt_and_once_more_for_the_batch_that_is_read()
        // 64 patches of 1176 float32 numbers, 4 prompts, twice.
        => Bytes(Plan(Step, Options), "pixels").Should().Be(2L * 4 * 64 * 1176 * 4);

    [Fact]
    public void A_smaller_budget_costs_fewer_activations_down_to_one_row()
    {
        // A group is 100 + 4 · 20 = 180 tokens. A budget of 400 takes two of four groups, one of 119 cuts every group to single rows.
        long Completions(int tokens) => Bytes(Plan(Step, Options with { MicroBatchTokens = tokens }), "activations: completions");
        Completions(400).Should().Be(Completions(int.MaxValue) / 2);
        Completions(119).Should().Be(Completions(int.MaxValue) / 16);
    }

    [Fact]
    public void Without_rollouts_there_is_no_cache_and_one_row_a_prompt()
    {
        var rollouts = Plan(Step, Options);
        var labels = Plan(Step with { WithRollouts = false }, Options);
        labels.RolloutPeak.Should().Be(0);
        Bytes(labels, "rollout: cache of keys and values").Should().Be(0);
        Bytes(labels, "activations: completions").Should().Be(Bytes(rollouts, "activations: completions") / 4, "a group had three rollouts and a label");
        Bytes(labels, "activations: prompts").Should().Be(Bytes(rollouts, "activations: prompts"));
    }

    [Fact]
    public void A_sampler_that_decodes_fewer_rows_has_a_smaller_cache()
        => Bytes(Plan(Step with { DecodeRows = 6 }, Options), "rollout: cache of keys and values").Should().Be(Bytes(Plan(Step, Options), "rollout: cache of keys and values") / 2);

    [Fact]
    public void The_peaks_are_those_of_tensors_that_are_there_at_once()
    {
        var plan = Plan(Step, Options);
        var always = new[] { "weights", "AdamW: moments" }.Sum(name => Bytes(plan, name));
        var activations = new[] { "activations: vision tower", "activations: prompts", "activations: completions", "activations: logits" }.Sum(name => Bytes(plan, name));
        plan.UpdatePeak.Should().BeGreaterThan(always + activations).And.BeLessThan(plan.Parts.Sum(p => p.Bytes));
        plan.RolloutPeak.Should().BeGreaterThan(always + Bytes(plan, "rollout: cache of keys and values")).And.BeLessThan(plan.UpdatePeak);
        plan.Peak.Should().Be(plan.UpdatePeak);
    }

    [Fact]
    public void A_plan_is_a_table_in_any_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            var lines = Plan(Step, Options).ToString().Split('\n');
            lines.Select(l => l.Length).Distinct().Should().HaveCount(1);
            lines.Should().OnlyContain(l => l.Count(c => c == '|') == 4).And.Contain(l => l.StartsWith("| weights ", StringComparison.Ordinal) && l.Contains("| 0.00"));
            lines[^1].Should().StartWith("| peak of the update");
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Nothing_to_train_is_said()
    {
        var model = new QwenVlMemory(QwenVlConfigReader.Read(Fixtures.PathOf("qwen2_5_vl")), ScalarType.Float32, []);
        var frozen = () => MemoryPlan.Of(model, [new ParameterSize("w", 10, ScalarType.Float32, Trains: false)], Step);
        frozen.Should().Throw<ArgumentException>().WithMessage("*none*");
        var nothing = () => MemoryPlan.Of(model, [new ParameterSize("w", 10, ScalarType.Float32, Trains: true)], Step with { WithLabels = false, WithRollouts = false });
        nothing.Should().Throw<ArgumentException>().WithMessage("*neither*");
    }

    private static MemoryPlan Plan(StepSize step, TrainerOptions options)
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl"), TestDevice.Value);
        return MemoryPlan.Of(QwenVlMemory.Of(policy), ParameterSize.Of(policy.Module), step, options);
    }

    private static long Bytes(MemoryPlan plan, string name) => plan.Parts.Single(p => p.Name == name).Bytes;
}
