using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Adapters;

/// <summary>Properties of an adapter on the smallest checkpoint with a head of its own (its numbers are held by LoraParity).</summary>
[Collection(Alone.Name)]
public sealed class LoraAdapterTests : IDisposable
{
    private const string Model = "qwen2_5_vl";
    private static readonly LoraConfig Config = new() { TargetModules = ModuleSelection.AllLinear, Rank = 4, Alpha = 8 };
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly QwenVlPolicy _policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
    private readonly GoldenCase _golden = new(Model, 0);

    [Fact]
    public void A_fresh_adapter_changes_nothing()
    {   // B = 0
        var before = Forced.Logits(_policy, _golden);
        using var adapter = LoraAdapter.Attach(_policy, Config);
        Same(Forced.Logits(_policy, _golden), before).Should().BeTrue();
        adapter.Parameters.Should().NotBeEmpty();
    }

    [Fact]
    public void A_is_uniform_in_one_over_the_root_of_its_inputs_and_B_is_zero()
    {
        using var adapter = LoraAdapter.Attach(_policy, Config, seed: 3);
        foreach (var (name, value) in adapter.Parameters)
        {
            if (name.EndsWith("lora_B.weight", StringComparison.Ordinal)) value.abs().max().item<float>().Should().Be(0, name);
            else
            {   // U(−b, b), b = 1/√in: standard deviation b/√3 = 0.577 b, over 4 · in ≥ 192 numbers to about 10 %
                var bound = 1 / Math.Sqrt(value.shape[1]);
                value.abs().max().item<float>().Should().BeInRange((float)(0.9 * bound), (float)bound, name);
                value.std().item<float>().Should().BeInRange((float)(0.5 * bound), (float)(0.66 * bound), name);
            }
        }
        using var other = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        using var again = LoraAdapter.Attach(other, Config, seed: 3);
        again.Parameters.Zip(adapter.Parameters).Should().OnlyContain(p => p.First.Name == p.Second.Name && Same(p.First.Value, p.Second.Value), "same seed, same A");
    }

    [Fact]
    public void The_reference_is_the_base_bit_for_bit_and_keeps_no_second_copy()
    {
        var (logits, scores) = (Forced.Logits(_policy, _golden), Scores(_policy));
        var weights = _policy.Weights().Sum(w => w.Value.numel());
        using var adapter = Disturbed(Config);
        Same(Forced.Logits(_policy, _golden), logits).Should().BeFalse("the adapter is on");
        Collect();
        var live = Tensor.TotalCount;
        Same(Forced.Logits(adapter.Reference, _golden), logits).Should().BeTrue();
        Same(Scores(adapter.Reference), scores).Should().BeTrue();
        Same(Scores(_policy), scores).Should().BeFalse("the adapter is on again");
        adapter.Reference.Module.Should().BeSameAs(_policy.Module);
        var registered = _policy.Module.named_parameters().Sum(p => p.parameter.numel());
        registered.Should().Be(weights + adapter.Parameters.Sum(p => p.Value.numel()), "there is A and B and nothing else");
        // The five tensors that this test still holds; nothing more.
        (Tensor.TotalCount - live).Should().BeLessThan(12);
    }

    [Fact]
    public void Decoding_without_the_adapter_may_interleave_with_scoring_with_it()
    {
        var expected = Forced.Logits(_policy, _golden);
        using var adapter = Disturbed(Config);
        var adapted = Scores(_policy);
        using var session = adapter.Reference.Decode(_golden.Prompts, 1, 2);
        Same(session.Next(null)[0], expected[0]).Should().BeTrue();
        Same(Scores(_policy), adapted).Should().BeTrue();
        using var token = tensor(new long[] { _golden.AnswerIds[0] });
        Same(session.Next(token)[0], expected[1]).Should().BeTrue();
    }

    [Fact]
    public void Only_the_adapter_has_gradients_and_optimizer_state()
    {
        using var adapter = Disturbed(Config with { ModulesToSave = ["lm_head", "visual.merger"] });
        using var optimizer = new AdamWOptimizer(_policy.Module, new AdamWOptions { LearningRate = _ => 1e-3 });
        var before = _policy.Weights().Select(w => w.Value.clone()).ToArray();
        var trained = adapter.Parameters.Select(p => p.Value.detach().clone()).ToArray();
        using (var scores = _policy.Score(_golden.Sequence)) scores.LogProbs.sum().neg().backward();
        adapter.Parameters.Should().OnlyContain(p => !ReferenceEquals(p.Value.grad, null) && p.Value.grad!.abs().max().item<float>() > 0);
        _policy.Weights().Should().OnlyContain(w => ReferenceEquals(w.Value.grad, null));
        optimizer.Step();
        _policy.Weights().Zip(before).Should().OnlyContain(p => Same(p.First.Value, p.Second));
        adapter.Parameters.Zip(trained).Should().OnlyContain(p => !Same(p.First.Value, p.Second));
        using var state = new MemoryStream();
        optimizer.Save(state);
        // Two float32 moments a number, and some names.
        state.Length.Should().BeInRange(8 * adapter.Parameters.Sum(p => p.Value.numel()), (long)(8.9 * adapter.Parameters.Sum(p => p.Value.numel())));
    }

    [Fact]
    public void Merging_and_unmerging_keep_the_logits_to_1e_5_relative()
    {   // of the largest: sums of float32 products come in another order
        var plain = Forced.Logits(_policy, _golden);
        var limit = 1e-5 * plain.abs().max().item<float>();
        using var adapter = Disturbed(Config with { ModulesToSave = ["lm_head"] });
        var adapted = Forced.Logits(_policy, _golden);
        adapter.Merge();
        Difference(Forced.Logits(_policy, _golden), adapted).Should().BeLessThan(limit);
        adapter.IsMerged.Should().BeTrue();
        var off = () => adapter.Disable().Dispose();
        off.Should().Throw<InvalidOperationException>().WithMessage("*Unmerge*");
        adapter.Unmerge();
        Difference(Forced.Logits(_policy, _golden), adapted).Should().BeLessThan(limit);
        Difference(Forced.Logits(adapter.Reference, _golden), plain).Should().BeLessThan(limit);
    }

    [Fact]
    public void In_double_precision_merging_is_exact_to_1e_10()
    {
        using var wide = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value, ScalarType.Float64);
        using var adapter = Disturbed(Config, wide);
        var adapted = Scores(wide);
        adapter.Merge();
        (Scores(wide) - adapted).abs().max().item<double>().Should().BeLessThan(1e-10);
        adapter.Unmerge();
        (Scores(wide) - adapted).abs().max().item<double>().Should().BeLessThan(1e-10);
    }

    [Fact]
    public void A_merged_policy_saves_as_an_ordinary_checkpoint()
    {
        using var folder = new TemporaryDirectory();
        Tensor merged;
        using (var adapter = Disturbed(Config with { ModulesToSave = ["lm_head"] }))
        {
            adapter.Merge();
            merged = Forced.Logits(_policy, _golden);
        }
        Same(Forced.Logits(_policy, _golden), merged).Should().BeTrue("taking the adapter off leaves merged weights");
        _policy.Module.parameters().Should().OnlyContain(p => p.requires_grad, "it was trainable before");
        _policy.Save(folder.Path);
        using var again = QwenVlPolicy.Load(folder.Path, TestDevice.Value);
        Same(Forced.Logits(again, _golden), merged).Should().BeTrue();
    }

    [Fact]
    public void Taking_the_adapter_off_leaves_the_policy_as_it_was()
    {
        var before = Forced.Logits(_policy, _golden);
        var names = _policy.Module.named_parameters().Select(p => p.name).ToArray();
        IReadOnlyList<(string Name, Parameter Value)> parameters;
        using (var adapter = Disturbed(Config with { ModulesToSave = ["lm_head"] }))
        {
            parameters = adapter.Parameters;
            Forced.Logits(_policy, _golden).Dispose();
        }
        parameters.Should().OnlyContain(p => p.Value.IsInvalid, "their memory is free");
        Same(Forced.Logits(_policy, _golden), before).Should().BeTrue();
        _policy.Module.named_parameters().Select(p => p.name).Should().Equal(names);
        using var second = LoraAdapter.Attach(_policy, Config);
        var third = () => LoraAdapter.Attach(_policy, Config);
        third.Should().Throw<InvalidOperationException>().WithMessage("*Dispose that adapter first*");
    }

    [Fact]
    public void LoRA_reaches_the_head()
    {
        var before = Scores(_policy);
        using var adapter = Disturbed(new LoraConfig { TargetModules = ModuleSelection.Named("lm_head") });
        adapter.Parameters.Select(p => p.Name).Should().Equal("lm_head.lora_A.weight", "lm_head.lora_B.weight");
        Same(Scores(_policy), before).Should().BeFalse();
    }

    [Fact]
    public void The_scaling_is_alpha_over_r_or_over_its_root()
    {   // r = 4, α = 8: 8/4 = 2, 8/√4 = 4; doubling B at α/r gives the same as rsLoRA
        Config.Scaling.Should().Be(2);
        (Config with { UseRsLora = true }).Scaling.Should().Be(4);
        var scores = new List<Tensor>();
        foreach (var (root, factor) in new[] { (false, 2.0), (true, 1.0) })
            using (var adapter = Disturbed(Config with { UseRsLora = root }))
            {
                using (no_grad())
                    foreach (var (_, b) in adapter.Parameters.Where(p => p.Name.Contains("lora_B", StringComparison.Ordinal))) b.TimesInPlace(factor);
                scores.Add(Scores(_policy));
            }
        Difference(scores[0], scores[1]).Should().BeLessThan(Tolerance.Of(1e-5f));
    }

    [Fact]
    public void Dropout_acts_in_train_mode_only_and_an_adapter_starts_in_eval_mode()
    {
        using var adapter = Disturbed(Config with { Dropout = 0.5 });
        var still = Scores(_policy);
        Same(Scores(_policy), still).Should().BeTrue();
        _policy.Module.train();
        Same(Scores(_policy), still).Should().BeFalse();
        _policy.Module.eval();
        Same(Scores(_policy), still).Should().BeTrue();
    }

    [Fact]
    public void A_bfloat16_policy_gets_float32_factors_and_trains_them()
    {
        using var narrow = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value, ScalarType.BFloat16);
        using var adapter = LoraAdapter.Attach(narrow, Config);
        adapter.Parameters.Should().OnlyContain(p => p.Value.dtype == ScalarType.Float32);
        using var scores = narrow.Score(_golden.Sequence);
        scores.LogProbs.sum().backward();
        adapter.Parameters.Where(p => p.Name.Contains("lora_B", StringComparison.Ordinal))
            .Should().OnlyContain(p => p.Value.grad!.dtype == ScalarType.Float32 && p.Value.grad.abs().max().item<float>() > 0);
    }

    [Fact]
    public void A_users_own_module_takes_LoRA_on_its_linear_layers()
    {
        var policy = TinyText.Policy(1);
        using var prompts = TinyText.Prompts("abc");
        Tensor First(IPolicy from)
        {
            using var session = from.Decode(prompts, 1, 1);
            return session.Next(null);
        }
        var before = First(policy);
        using (var adapter = LoraAdapter.Attach(policy, new LoraConfig { TargetModules = ModuleSelection.Named("hidden") }))
        {
            using (no_grad()) adapter.Parameters.Single(p => p.Name == "hidden.lora_B.weight").Value.fill_(Scalars.Of(0.5));
            Same(First(policy), before).Should().BeFalse();
            Same(First(adapter.Reference), before).Should().BeTrue();
            policy.Module.named_parameters().Where(p => p.parameter.requires_grad).Select(p => p.name)
                .Should().BeEquivalentTo("hidden.lora_A.weight", "hidden.lora_B.weight");
        }
        Same(First(policy), before).Should().BeTrue();
    }

    public void Dispose()
    {
        _policy.Dispose();
        _golden.Dispose();
        _scope.Dispose();
    }

    /// <summary>An adapter that does something: every trained number is moved.</summary>
    private LoraAdapter Disturbed(LoraConfig config, QwenVlPolicy? policy = null)
    {
        var adapter = LoraAdapter.Attach(policy ?? _policy, config);
        using var noGrad = no_grad();
        using var generator = new Generator(5);
        foreach (var (_, value) in adapter.Parameters)
        {
            using var noise = TestDevice.Randn(value.shape, generator);
            value.PlusInPlace(noise, 0.02);
        }
        return adapter;
    }

    private Tensor Scores(IPolicy policy)
    {
        using var noGrad = no_grad();
        using var scores = policy.Score(_golden.Sequence);
        return scores.LogProbs.clone();
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private static bool Same(Tensor a, Tensor b) => a.eq(b).all().item<bool>();

    private static double Difference(Tensor a, Tensor b) => (a - b).abs().max().item<float>();
}
