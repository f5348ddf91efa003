using System.Text.Json.Nodes;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.Adapters;

public sealed class PeftDirectoryTests : IDisposable
{
    private const string Weights = "adapter_model.safetensors", Config = "adapter_config.json", Prefix = "base_model.model.";
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly QwenVlPolicy _policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl"), TestDevice.Value);
    private readonly TemporaryDirectory _folder = TemporaryDirectory.CopyOf("qwen2_5_vl_lora");

    [Fact]
    public void A_saved_adapter_loads_to_the_same_bits_and_the_same_configuration()
    {
        using var folder = new TemporaryDirectory();
        var config = new LoraConfig
        {
            TargetModules = ModuleSelection.Matching(@".*self_attn\.(q|v)_proj"),
            ExcludeModules = ModuleSelection.Named("layers.0.self_attn.q_proj"),
            Rank = 3, Alpha = 12.5, Dropout = 0.1, UseRsLora = true, ModulesToSave = ["lm_head"], BaseModel = "somewhere", TaskType = null,
        };
        (string Name, Tensor Value)[] saved;
        using (var adapter = LoraAdapter.Attach(_policy, config, seed: 4))
        {
            using (no_grad()) foreach (var (_, value) in adapter.Parameters) value.PlusInPlace(rand_like(value), 1);
            saved = [.. adapter.Parameters.Select(p => (p.Name, p.Value.detach().clone()))];
            adapter.Save(folder.Path);
        }
        using var again = LoraAdapter.Load(_policy, folder.Path);
        again.Parameters.Select(p => p.Name).Should().Equal(saved.Select(p => p.Name));
        again.Parameters.Zip(saved).Should().OnlyContain(p => p.First.Value.eq(p.Second.Value).all().item<bool>());
        again.Config.Should().BeEquivalentTo(config);
        again.Config.TargetModules.ToString().Should().Be(config.TargetModules.ToString());
        Directory.GetFiles(folder.Path).Select(Path.GetFileName).Should().BeEquivalentTo(Weights, Config);
        again.Parameters.Should().OnlyContain(p => p.Value.requires_grad, "a loaded adapter can be trained further");
    }

    [Fact]
    public void Names_of_before_transformers_4_52_are_accepted()
    {
        var tensors = Read().Select(t => (t.Name.Replace(".language_model.", ".", StringComparison.Ordinal), t.Value)).ToArray();
        tensors[0].Item1.Should().StartWith(Prefix + "model.layers.0.");
        Write(tensors);
        using var older = LoraAdapter.Load(_policy, _folder.Path);
        var numbers = older.Parameters.Select(p => p.Value.detach().clone()).ToArray();
        older.Dispose();
        using var newer = LoraAdapter.Load(_policy, Fixtures.PathOf("qwen2_5_vl_lora"));
        newer.Parameters.Zip(numbers).Should().OnlyContain(p => p.First.Value.eq(p.Second).all().item<bool>());
    }

    [Theory]
    [InlineData("use_dora", "true")]
    [InlineData("bias", "\"all\"")]
    [InlineData("layers_to_transform", "[0]")]
    [InlineData("trainable_token_indices", "[5]")]
    [InlineData("init_lora_weights", "\"pissa\"")]
    [InlineData("init_lora_weights", "\"pissa_niter_16\"")]
    [InlineData("init_lora_weights", "\"olora\"")]
    [InlineData("init_lora_weights", "\"corda\"")]
    [InlineData("init_lora_weights", "\"loftq\"")]
    [InlineData("init_lora_weights", "\"lora_ga\"")]
    [InlineData("init_lora_weights", "3")]
    [InlineData("an_option_of_tomorrow", "3")]
    public void An_option_that_is_not_supported_is_an_error_that_names_it_and_the_file(string option, string value)
    {
        Change(option, value);
        Loading.Should().Throw<InvalidDataException>().WithMessage($"*{Config}*'{option}'*{value}*");
    }

    [Theory]
    [InlineData("an_option_of_tomorrow", "null")]
    [InlineData("init_lora_weights", "\"gaussian\"")]
    [InlineData("init_lora_weights", "\"eva\"")]
    [InlineData("eva_config", "{\"rho\":2.0}")]
    [InlineData("init_lora_weights", "\"orthogonal\"")]
    [InlineData("peft_version", "\"0.9.0\"")]
    [InlineData("layers_to_transform", "[]")]
    public void An_option_that_changes_nothing_is_accepted(string option, string value)
    {
        Change(option, value);
        Loading.Should().NotThrow();
    }

    [Theory]
    [InlineData("peft_type", "\"IA3\"", "*peft_type is 'IA3'*")]
    [InlineData("r", "0", "*adapter_config.json*r is 0, expected a whole number of at least 1*")]
    [InlineData("r", "-4", "*r is -4, expected*")]
    [InlineData("r", "8.5", "*r is 8.5, expected*")]
    [InlineData("r", "1e400", "*r is 1e400, expected*")]
    [InlineData("r", "\"four\"", "*r is \"four\", expected*")]
    [InlineData("lora_alpha", "1e400", "*lora_alpha is 1e400, expected a finite number above 0*")]
    [InlineData("lora_alpha", "1e308", "*lora_alpha is 1e308, expected a finite number above 0, at most 1000000*")]
    [InlineData("lora_alpha", "-8", "*lora_alpha is -8, expected*")]
    [InlineData("lora_alpha", "0", "*lora_alpha is 0, expected*")]
    [InlineData("lora_alpha", "\"16\"", "*lora_alpha is \"16\", expected*")]
    [InlineData("lora_dropout", "1", "*lora_dropout is 1, expected*")]
    [InlineData("use_rslora", "1", "*use_rslora is 1, expected true or false*")]
    [InlineData("modules_to_save", "\"lm_head\"", "*modules_to_save is \"lm_head\", expected a list*")]
    [InlineData("target_modules", "[3]", "*target_modules is [3], expected a list*")]
    [InlineData("rank_pattern", """{"q_proj":0}""", "*rank_pattern is {\"q_proj\":0}, expected whole numbers*")]
    [InlineData("rank_pattern", """{"q_proj":2}""", "*mis-shaped*expected [2, 64]*")]
    [InlineData("rank_pattern", """{"q_proj":2000000000}""", "*rank_pattern has 2000000000*have rank*")]
    [InlineData("rank_pattern", "[4]", "*rank_pattern is [4], expected*")]
    [InlineData("alpha_pattern", """{"q_proj":1e400}""", "*alpha_pattern is*expected finite numbers above 0*")]
    [InlineData("alpha_pattern", """{"(":1}""", "*regular expression*")]
    [InlineData("peft_type", "5", "*peft_type is 5, expected a text*")]
    [InlineData("target_modules", "[\"q_proj\", \"embed_tokens\"]", "*embedding*lora_embedding_A*not supported*")]
    [InlineData("target_modules", "null", "*target_modules is missing*")]
    [InlineData("target_modules", "[\"query\"]", "*does not fit the policy*'query'*Candidates*")]
    [InlineData("r", "5", "*mis-shaped*expected [5, 160]*")]
    [InlineData("r", "2000000000", "*r is 2000000000*adapter_config.json*have rank*")]
    public void A_configuration_that_cannot_be_meant_is_an_error(string option, string value, string message)
    {
        Change(option, value);
        Loading.Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void A_changed_pattern_means_what_it_says()
    {
        var config = new LoraConfig { TargetModules = ModuleSelection.Named("q_proj", "v_proj"), Rank = 4,
            RankPattern = [new LayerOverride("q_proj", 2) with { Pattern = "v_proj" }] };
        using var adapter = LoraAdapter.Attach(_policy, config);
        adapter.Parameters.Where(p => p.Name.EndsWith("lora_A.weight", StringComparison.Ordinal)).Should()
            .OnlyContain(p => p.Value.shape[0] == (p.Name.Contains("v_proj", StringComparison.Ordinal) ? 2 : 4));
    }

    [Fact]
    public void Ranks_and_numerators_of_single_layers_are_read_written_and_scaled_by_as_in_PEFT()
    {
        using var folder = new TemporaryDirectory();
        var config = new LoraConfig
        {
            TargetModules = ModuleSelection.Matching(@".*self_attn\.[qv]_proj"), ExcludeModules = ModuleSelection.Matching(".*visual.*"),
            Rank = 4, Alpha = 8,
            RankPattern = [new("layers.0.self_attn.q_proj", 2), new("q_proj", 3)],
            AlphaPattern = [new(@".*layers\.1\..*", 30), new("self_attn.v_proj", 5.5)],
        };
        using (var adapter = LoraAdapter.Attach(_policy, config))
        {
            using (no_grad()) foreach (var (_, value) in adapter.Parameters) value.PlusInPlace(rand_like(value), 1);
            adapter.Save(folder.Path);
        }
        var json = JsonNode.Parse(File.ReadAllText(folder.File(Config)))!;
        json["rank_pattern"]!.ToJsonString().Should().Be("""{"layers.0.self_attn.q_proj":2,"q_proj":3}""");
        json["alpha_pattern"]!["self_attn.v_proj"]!.GetValue<double>().Should().Be(5.5);

        using var again = LoraAdapter.Load(_policy, folder.Path);
        // Layer, projection, rank, numerator: an entry is the end of a path, and the first that fits counts.
        foreach (var (layer, name, rank, alpha) in new[] { (0, "q", 2, 8.0), (0, "v", 4, 5.5), (1, "q", 3, 30), (1, "v", 4, 30),
            (2, "q", 3, 8), (2, "v", 4, 5.5) })
        {
            var path = $"layers.{layer}.self_attn.{name}_proj";
            var down = again.Parameters.Single(p => p.Name == $"model.language_model.{path}.lora_A.weight").Value;
            var up = again.Parameters.Single(p => p.Name == $"model.language_model.{path}.lora_B.weight").Value;
            down.shape[0].Should().Be(rank, path);
            var weight = _policy.Weights().Single(w => w.Name == $"model.{path}.weight").Value;
            using var noGrad = no_grad();
            var before = weight.detach().clone();
            again.Merge();
            (weight - before - up.matmul(down).Times(alpha / rank)).abs().max().item<float>().Should().BeLessThan(1e-4f, path);
            again.Unmerge();
        }
    }

    [Theory]
    [InlineData("model.language_model.embed_tokens.weight", "model.embed_tokens.weight")]
    [InlineData("lm_head.base_layer.weight", "lm_head.weight")]
    [InlineData("model.language_model.layers.0.self_attn.q_proj.base_layer.weight", "model.layers.0.self_attn.q_proj.weight")]
    public void A_weight_of_the_model_below_is_compared_with_the_policys_and_another_one_is_refused(string stored, string own)
    {
        var weight = _policy.Weights().Single(w => w.Name == own).Value.detach();
        foreach (var same in new[] { weight, weight.to(ScalarType.BFloat16) })
        {
            Write([.. Read(), (Prefix + stored, same)]);
            Loading.Should().NotThrow();
            Write([.. Read().Where(t => t.Name != Prefix + stored)]);
        }
        Write([.. Read(), (Prefix + stored, weight.Plus(0.01))]);
        Loading.Should().Throw<InvalidDataException>().WithMessage($"*trained on other "
            + $"weights*'{Prefix + stored}'*'*{own.Replace("model.", "", StringComparison.Ordinal)}'*");
        Write([.. Read().Where(t => t.Name != Prefix + stored), (Prefix + stored, ones(3, 3))]);
        Loading.Should().Throw<InvalidDataException>().WithMessage("*[3, 3]*");
    }

    [Theory]
    [InlineData("lm_head.weight")]
    [InlineData("lm_head.modules_to_save.weight")]
    [InlineData("lm_head.modules_to_save.default.weight")]
    public void A_module_saved_as_a_whole_is_read_under_every_name_that_PEFT_has_given_it(string name)
    {
        Change("modules_to_save", "[\"lm_head\"]");
        var head = _policy.Weights().Single(w => w.Name == "lm_head.weight").Value.detach();
        Write([.. Read(), (Prefix + name, head.Plus(1)), (Prefix + "lm_head.original_module.weight", head)]);
        using var adapter = LoraAdapter.Load(_policy, _folder.Path);
        (adapter.Parameters.Single(p => p.Name == "lm_head.weight").Value - head).mean().item<float>().Should().BeApproximately(1, 1e-5f);
    }

    [Fact]
    public void Missing_and_extra_tensors_are_one_error_and_the_policy_stays_without_adapter()
    {
        var tensors = Read();
        Write([.. tensors.Skip(1), ("base_model.model.surprise", zeros(2))]);
        Loading.Should().Throw<InvalidDataException>().WithMessage("*(2 tensors)*extra 'base_model.model.surprise' Float32 [2]*missing '*lora_A.weight'*");
        _policy.Module.named_parameters().Should().OnlyContain(p => p.parameter.requires_grad && !p.name.Contains("lora", StringComparison.Ordinal));
    }

    [Fact]
    public void Saving_replaces_what_it_wrote_and_refuses_what_others_did_unless_told()
    {
        using var adapter = LoraAdapter.Load(_policy, _folder.Path);
        var over = () => adapter.Save(_folder.Path);
        over.Should().Throw<IOException>().WithMessage("*other files (adapter_config.json*");
        using var folder = new TemporaryDirectory();
        adapter.Save(folder.Path);
        adapter.Save(folder.Path);
        File.WriteAllText(folder.File("README.md"), "");
        var readme = () => adapter.Save(folder.Path);
        readme.Should().Throw<IOException>().WithMessage("*1 other files (README.md)*");
        adapter.Save(_folder.Path, overwrite: true);
        Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Should().BeEquivalentTo(Weights, Config);
    }

    [Fact]
    public void A_save_that_cannot_be_written_leaves_the_previous_adapter_whole()
    {
        using var folder = new TemporaryDirectory();
        using var adapter = LoraAdapter.Load(_policy, _folder.Path);
        adapter.Save(folder.File("adapter"));
        var before = File.ReadAllBytes(folder.File("adapter/" + Weights));
        // Complex numbers have no name in the format.
        var parameters = adapter.Parameters.Append(("base_model.model.odd", new TorchSharp.Modules.Parameter(ones(1, ScalarType.ComplexFloat32)))).ToArray();
        var save = () => PeftDirectory.Write(folder.File("adapter"), adapter.Config, parameters, overwrite: false);
        save.Should().Throw<ArgumentException>().WithMessage("*Complex*");
        File.ReadAllBytes(folder.File("adapter/" + Weights)).Should().Equal(before);
        Directory.GetFileSystemEntries(folder.Path).Should().ContainSingle();
    }

    [Fact]
    public void Weights_that_are_a_link_out_of_the_directory_are_refused()
    {
        using var outside = new TemporaryDirectory();
        File.Move(_folder.File(Weights), outside.File(Weights));
        File.CreateSymbolicLink(_folder.File(Weights), outside.File(Weights));
        Loading.Should().Throw<InvalidDataException>().WithMessage("*is a link to*outside its directory*");
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        File.Delete(_folder.File(Weights));
        Loading.Should().Throw<FileNotFoundException>().WithMessage($"*{Weights}*");
        File.Delete(_folder.File(Config));
        Loading.Should().Throw<FileNotFoundException>().WithMessage($"*{Config}*");
    }

    public void Dispose()
    {
        _policy.Dispose();
        _folder.Dispose();
        _scope.Dispose();
    }

    private Action Loading => () => LoraAdapter.Load(_policy, _folder.Path).Dispose();

    private void Change(string option, string value)
    {
        var json = JsonNode.Parse(File.ReadAllText(_folder.File(Config)))!.AsObject();
        json[option] = JsonNode.Parse(value);
        File.WriteAllText(_folder.File(Config), json.ToJsonString());
    }

    private (string Name, Tensor Value)[] Read()
    {
        using var file = SafeTensorsReader.Open(_folder.File(Weights));
        return [.. file.Entries.Keys.Order(StringComparer.Ordinal).Select(name => (name, file.Read(name)))];
    }

    private void Write((string Name, Tensor Value)[] tensors) => SafeTensorsWriter.Write(_folder.File(Weights), tensors);
}
