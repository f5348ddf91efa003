using FluentAssertions;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.Adapters;

/// <summary>Which layers a configuration means. The checkpoint has 4 decoder layers and 4 vision blocks.</summary>
public sealed class LoraSelectionTests : IDisposable
{
    private readonly QwenVlPolicy _policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl"), TestDevice.Value);

    [Fact]
    public void Names_mean_the_ends_of_paths_at_a_dot()
    {   // down_proj: 4 decoder layers and 4 vision blocks; "proj" is the vision attention's alone (and the patch embedding, left out)
        Adapted(new() { TargetModules = ModuleSelection.Named("down_proj") }).Should().HaveCount(8);
        Adapted(new() { TargetModules = ModuleSelection.Named("attn.proj") }).Should().HaveCount(4);
        Adapted(new() { TargetModules = ModuleSelection.Named("proj"), ExcludeModules = ModuleSelection.Named("patch_embed.proj") }).Should().HaveCount(4);
    }

    [Theory]
    [InlineData(@"model\.language_model\.layers\.[01]\.self_attn\.(q|v)_proj")]   // transformers now
    [InlineData(@"model\.layers\.[01]\.self_attn\.(q|v)_proj")]                   // transformers before 4.52
    public void A_pattern_means_whole_paths_of_either_generation(string pattern)
        => Adapted(new() { TargetModules = ModuleSelection.Matching(pattern) }).Should().Equal(
            "model.language_model.layers.0.self_attn.q_proj", "model.language_model.layers.0.self_attn.v_proj",
            "model.language_model.layers.1.self_attn.q_proj", "model.language_model.layers.1.self_attn.v_proj");

    [Fact]
    public void Excluded_layers_are_left_out()
        => Adapted(new() { TargetModules = ModuleSelection.Named("down_proj"), ExcludeModules = ModuleSelection.Matching(".*visual.*") })
            .Should().HaveCount(4).And.OnlyContain(path => path.StartsWith("model.language_model.", StringComparison.Ordinal));

    [Fact]
    public void All_linear_means_all_but_the_head()
    {   // decoder 4 · 7, vision 4 · (qkv, proj, gate, up, down), merger 2 → 28 + 20 + 2
        var adapted = Adapted(new() { TargetModules = ModuleSelection.AllLinear });
        adapted.Should().HaveCount(50).And.NotContain("lm_head");
        adapted.Should().Contain("model.visual.merger.mlp.0");
    }

    [Fact]
    public void Modules_to_save_are_not_adapted_too()
    {
        var config = new LoraConfig { TargetModules = ModuleSelection.AllLinear, ModulesToSave = ["visual.merger", "embed_tokens"] };
        using var adapter = LoraAdapter.Attach(_policy, config);
        adapter.Parameters.Where(p => p.Name.Contains("merger", StringComparison.Ordinal)).Select(p => p.Name).Should().Equal(
            "model.visual.merger.ln_q.weight", "model.visual.merger.mlp.0.bias", "model.visual.merger.mlp.0.weight",
            "model.visual.merger.mlp.2.bias", "model.visual.merger.mlp.2.weight");
        adapter.Parameters.Select(p => p.Name).Should().Contain("model.language_model.embed_tokens.weight");
    }

    [Theory]
    [InlineData("q_prjo", "*'q_prjo' in target_modules*Candidates: *q_proj*")]
    [InlineData("mlp", "*linear layers*blocks.0.mlp', which is none*")]
    [InlineData("embed_tokens", "*linear layers*'model.language_model.embed_tokens'*")]
    public void A_target_that_cannot_be_adapted_is_an_error(string target, string message)
        => Attaching(new() { TargetModules = ModuleSelection.Named("q_proj", target) }).Should().Throw<ArgumentException>().WithMessage(message);

    [Fact]
    public void A_refused_configuration_leaves_the_policy_trainable()
    {
        Attaching(new() { TargetModules = ModuleSelection.Matching("nothing.*") }).Should().Throw<ArgumentException>().WithMessage("*'nothing.*'*found none*");
        Attaching(new() { TargetModules = ModuleSelection.Named("q_proj"), ExcludeModules = ModuleSelection.Matching(".*") })
            .Should().Throw<ArgumentException>().WithMessage("*all 4*exclude_modules*");
        Attaching(new() { TargetModules = ModuleSelection.Named("q_proj"), ModulesToSave = ["classifier"] })
            .Should().Throw<ArgumentException>().WithMessage("*'classifier' in modules_to_save*");
        _policy.Module.parameters().Should().OnlyContain(p => p.requires_grad);
    }

    [Fact]
    public void A_tied_embedding_cannot_be_saved_alone()
    {
        using var tied = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl_tied"), TestDevice.Value);
        var attach = () => LoraAdapter.Attach(tied, new LoraConfig { TargetModules = ModuleSelection.Named("q_proj"), ModulesToSave = ["embed_tokens"] });
        attach.Should().Throw<ArgumentException>().WithMessage("*tie_word_embeddings*");
    }

    [Fact]
    public void A_broken_pattern_is_an_error() => ((Action)(() => ModuleSelection.Matching("("))).Should().Throw<ArgumentException>().WithMessage("*regular expression*'('*");

    public void Dispose() => _policy.Dispose();

    private Action Attaching(LoraConfig config) => () => LoraAdapter.Attach(_policy, config);

    private string[] Adapted(LoraConfig config)
    {
        using var adapter = LoraAdapter.Attach(_policy, config);
        return [.. adapter.Parameters.Select(p => p.Name).Where(n => n.EndsWith(".lora_A.weight", StringComparison.Ordinal)).Select(n => n[..^".lora_A.weight".Length])];
    }
}
