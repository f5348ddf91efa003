using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>LoRA and freezing on every family: the module paths are transformers', whatever the checkpoint's spelling.</summary>
public sealed class FamilyAdapterTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> All => Families.All;

    public static TheoryData<string> WithPictures => Families.WithPictures;

    [Theory, MemberData(nameof(All))]
    public void An_adapter_on_all_linear_layers_has_PEFTs_keys_and_merges_to_the_same_logits(string family)
    {
        using var folder = Families.Checkpoint(family);
        using var policy = QwenVlPolicy.FromDirectory(folder.Path, new QwenVlOptions { Device = TestDevice.Value });
        using var golden = Case(family);
        var (before, layers) = (Forced.Logits(policy, golden), Linear(policy.Module));
        using var adapter = LoraAdapter.Attach(policy, new LoraConfig { TargetModules = ModuleSelection.AllLinear, Rank = 2 });
        Forced.Logits(policy, golden).eq(before).all().item<bool>().Should().BeTrue("B is zero");

        using var noGrad = no_grad();
        foreach (var (_, value) in adapter.Parameters) value.copy_(randn_like(value).Times(0.05));
        var on = Forced.Logits(policy, golden);
        Far(on, before).Should().BeGreaterThan(1e-3f);
        using var saved = new TemporaryDirectory();
        adapter.Save(saved.Path);
        using var file = SafeTensorsReader.Open(saved.File("adapter_model.safetensors"));
        // model.visual.* and model.language_model.* in every family with a tower, model.* without.
        var text = family is "qwen2" or "qwen3" ? "model." : "model.language_model.";
        file.Entries.Keys.Should().HaveCount(2 * layers, "A and B of every linear layer but the head")
            .And.OnlyContain(k => k.StartsWith("base_model.model." + text, StringComparison.Ordinal) || k.StartsWith("base_model.model.model.visual.", StringComparison.Ordinal))
            .And.Contain($"base_model.model.{text}layers.3.self_attn.q_proj.lora_A.weight");
        adapter.Merge();
        Far(Forced.Logits(policy, golden), on).Should().BeLessThan(Tolerance.Of(1e-5f) * on.abs().max().item<float>());
        adapter.Unmerge();
        Far(Forced.Logits(adapter.Reference, golden), before).Should().BeLessThan(Tolerance.Of(1e-5f) * on.abs().max().item<float>());
    }

    [Theory, MemberData(nameof(WithPictures))]
    public void Modules_to_save_may_be_any_part_of_a_tower(string family)
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(family), TestDevice.Value);
        using var golden = Case(family);
        var before = Forced.Logits(policy, golden);
        string[] saved = family == "qwen3_vl" ? ["merger", "deepstack_merger_list", "pos_embed", "patch_embed"] : ["merger", "patch_embed"];
        using var adapter = LoraAdapter.Attach(policy, new LoraConfig { TargetModules = ModuleSelection.Named("q_proj"), ModulesToSave = saved });
        using var noGrad = no_grad();
        foreach (var (name, value) in adapter.Parameters.Where(p => !p.Name.Contains("lora_", StringComparison.Ordinal)))
        {
            // Each alone: a part that went on computing with its own parameter would leave the logits as they were.
            var kept = value.clone();
            value.PlusInPlace(randn_like(value), 1);
            Far(Forced.Logits(policy, golden), before).Should().BeGreaterThan(1e-5f, name);
            value.copy_(kept);
        }
        Far(Forced.Logits(policy, golden), before).Should().Be(0);
        Far(Forced.Logits(adapter.Reference, golden), before).Should().Be(0);
    }

    [Theory, MemberData(nameof(WithPictures))]
    public void Presets_freeze_the_tower_the_merger_and_their_opposites(string family)
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(family), TestDevice.Value);
        bool Vision(string name) => name.Contains("visual.", StringComparison.Ordinal);
        bool Merger(string name) => name.Contains("visual.merger.", StringComparison.Ordinal) || name.Contains("visual.deepstack_merger_list.", StringComparison.Ordinal);
        IEnumerable<string> Trainable() => policy.Weights().Where(w => w.Value.requires_grad).Select(w => w.Name);
        IEnumerable<string> Names(Func<string, bool> which) => policy.Weights().Select(w => w.Name).Where(which);

        Freezing.Freeze(policy.Module, ParameterFilter.Vision);
        Trainable().Should().BeEquivalentTo(Names(n => !Vision(n)));
        Freezing.TrainOnly(policy.Module, ParameterFilter.Vision.Not());
        Trainable().Should().BeEquivalentTo(Names(n => !Vision(n)));
        Freezing.TrainOnly(policy.Module, ParameterFilter.Merger);
        Trainable().Should().BeEquivalentTo(Names(Merger));
        Freezing.TrainOnly(policy.Module, ParameterFilter.VisionTower);
        Trainable().Should().BeEquivalentTo(Names(n => Vision(n) && !Merger(n)));
        Freezing.TrainOnly(policy.Module, ParameterFilter.Matching(@"model\.language_model\.layers\.0\..*"));
        Trainable().Should().BeEquivalentTo(Names(n => n.Contains("layers.0.", StringComparison.Ordinal)), "transformers' spelling is understood in every family with a tower");
    }

    [CpuTheory("a GPU adds the parts of a gradient in any order"), MemberData(nameof(WithPictures))]
    public void A_frozen_tower_changes_no_other_gradient(string family)
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(family), TestDevice.Value);
        using var golden = Case(family);
        Dictionary<string, Tensor> Gradients()
        {
            policy.Module.zero_grad();
            using var scores = policy.Score(golden.Sequence);
            scores.LogProbs.sum().backward();
            return policy.Weights().Where(w => w.Value.requires_grad && w.Value.grad is not null).ToDictionary(w => w.Name, w => w.Value.grad!.clone());
        }
        var all = Gradients();
        Freezing.Freeze(policy.Module, ParameterFilter.Vision);
        var rest = Gradients();
        rest.Keys.Should().BeEquivalentTo(all.Keys.Where(n => !n.Contains("visual.", StringComparison.Ordinal)));
        rest.Should().OnlyContain(g => g.Value.eq(all[g.Key]).all().item<bool>());
    }

    public void Dispose() => _scope.Dispose();

    private static GoldenCase Case(string family)
    {
        var golden = Families.GoldenOf(family);
        return new GoldenCase(golden, golden == family ? 0 : Families.TextCase(golden));
    }

    private static int Linear(nn.Module module)
        => ModulePath.Of(module).Count(m => m.Module is Dense && m.Own != "lm_head");

    private static float Far(Tensor a, Tensor b) => (a - b).abs().max().item<float>();
}
