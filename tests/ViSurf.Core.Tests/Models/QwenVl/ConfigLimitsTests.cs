using System.Text.Json.Nodes;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>Configurations that claim more than any model: an error, and nothing of that size allocated.</summary>
[Collection(Alone.Name)]
public sealed class ConfigLimitsTests : IDisposable
{
    private const long Megabyte = 1_000_000;
    private readonly TemporaryDirectory _folder = TemporaryDirectory.CopyOf("qwen2_5_vl_hub");

    [Theory]
    [InlineData("num_hidden_layers", 1_000_000_000)]
    [InlineData("num_hidden_layers", 0)]
    [InlineData("num_hidden_layers", -1)]
    [InlineData("vocab_size", 2_000_000_000)]
    [InlineData("hidden_size", 2_000_000_000)]
    [InlineData("intermediate_size", 2_000_000_000)]
    [InlineData("num_attention_heads", 2_000_000_000)]
    [InlineData("num_key_value_heads", 0)]
    [InlineData("max_position_embeddings", -5)]
    public void A_decoder_beyond_any_model_is_refused_with_the_number(string key, int value)
    {
        Edit(root => root[key] = value);
        Refused($"*config.json*{key} is {value}, expected 1 to *");
    }

    [Theory]
    [InlineData("depth", 1_000_000_000)]
    [InlineData("num_heads", 2_000_000_000)]
    [InlineData("patch_size", 0)]
    [InlineData("patch_size", 2_000_000_000)]
    [InlineData("spatial_merge_size", 2_000_000_000)]
    [InlineData("temporal_patch_size", -2)]
    public void A_tower_beyond_any_model_is_refused_with_the_number(string key, int value)
    {
        Edit(root => root["vision_config"]![key] = value);
        Refused($"*config.json*{key} is {value}, expected 1 to *");
    }

    [Theory]
    [InlineData("""{"rms_norm_eps": -1}""", "*rms_norm_eps is -1*")]
    [InlineData("""{"rms_norm_eps": 1e999}""", "*rms_norm_eps*")]
    [InlineData("""{"rope_theta": 0}""", "*rope_theta is 0*")]
    [InlineData("""{"initializer_range": 1e300}""", "*initializer_range*")]
    [InlineData("""{"rope_scaling": {"type": "mrope", "mrope_section": [2147483647, 2147483647, 2]}}""", "*mrope_section*")]
    [InlineData("""{"num_hidden_layers": 1e9}""", "*config.json*")]
    [InlineData("""{"num_hidden_layers": 100000000000}""", "*config.json*")]
    public void A_number_without_sense_is_refused(string change, string message)
    {
        Edit(root =>
        {
            foreach (var (key, value) in JsonNode.Parse(change)!.AsObject()) root[key] = value!.DeepClone();
        });
        Refused(message);
    }

    [Fact]
    public void A_key_given_twice_and_deep_nesting_are_refused()
    {
        var text = File.ReadAllText(_folder.File("config.json"));
        File.WriteAllText(_folder.File("config.json"), text.Replace("\"num_hidden_layers\"", "\"num_hidden_layers\": 2, \"num_hidden_layers\"", StringComparison.Ordinal));
        Refused("*config.json*twice*num_hidden_la*");
        File.WriteAllText(_folder.File("config.json"), $$"""{"a": {{new string('[', 1_000_000)}}""");
        Refused("*config.json*");
    }

    [Fact]
    public void Sizes_within_bounds_that_the_files_cannot_hold_are_refused_before_a_network_is_made()
    {
        // 1000 layers of 3 × 64 × 1 000 000 numbers: 768 GB in float32.
        Edit(root =>
        {
            root["num_hidden_layers"] = 1000;
            root["intermediate_size"] = 1_000_000;
        });
        Support.Refused.With(() => QwenVlPolicy.Load(_folder.Path, TestDevice.Value).Dispose(), "*at least 192*parameters, its weight files hold*", 5 * Megabyte);
    }

    [Fact]
    public void Sizes_that_are_only_a_little_off_are_still_told_tensor_by_tensor()
    {
        Edit(root => root["intermediate_size"] = root["intermediate_size"]!.GetValue<int>() + 8);
        var load = () => QwenVlPolicy.Load(_folder.Path, TestDevice.Value).Dispose();
        load.Should().Throw<InvalidDataException>().WithMessage("*mis-shaped*gate_proj.weight*");
    }

    public void Dispose() => _folder.Dispose();

    private void Edit(Action<JsonObject> change)
    {
        var root = JsonNode.Parse(File.ReadAllBytes(Fixtures.PathOf("qwen2_5_vl_hub", "config.json")))!.AsObject();
        change(root);
        File.WriteAllText(_folder.File("config.json"), root.ToJsonString());
    }

    private void Refused(string message) => Support.Refused.With(() => QwenVlConfigReader.Read(_folder.Path), message, 5 * Megabyte);
}
