using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Tokens;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>A value of the wrong kind in any settings file of a model: the error names file and key, whatever the kind.</summary>
public sealed class SettingsMessagesTests
{
    // A number, written in each of these ways where another kind belongs, is a fault that people report.
    private static readonly string[] Values = ["\"1e-06\"", "\"64\"", "64.5", "true", "[1]", "[\"a\"]", "{\"a\": 1}", "1e400",
        "99999999999999999999", "-7"];

    [Fact]
    public void The_cases_of_the_public_reports_are_refused_by_key_and_a_whole_float_is_a_whole_number()
    {
        Reading("qwen2_5_vl_hub", "config.json", Case("c8_eps_text.config.json"), d => QwenVlConfigReader.Read(d)).Should()
            .Throw<InvalidDataException>()
            .WithMessage("*config.json': rms_norm_eps is \"1e-06\", expected a finite number.");
        Reading("qwen2_5_vl_hub", "config.json", Case("c12_hidden_float.config.json"), d => QwenVlConfigReader.Read(d)).Should()
            .Throw<InvalidDataException>()
            .WithMessage("*config.json': hidden_size is 64.0, expected an integer.");
        // As transformers reads it.
        using var folder = Changed("qwen2_5_vl", "preprocessor_config.json", Case("p12_float_pixels.preprocessor_config.json"));
        var read = ImageProcessorConfig.Read(folder.Path);
        (read.MinPixels, read.MaxPixels).Should().Be((3136L, 20000L));
    }

    [Theory]
    [InlineData("qwen2_vl", "config.json")]
    [InlineData("qwen2_5_vl_hub", "config.json")]
    [InlineData("qwen3_vl", "config.json")]
    [InlineData("qwen2_5_vl", "preprocessor_config.json")]
    [InlineData("qwen2_5_vl", "generation_config.json")]
    [InlineData("qwen2_5_vl_lora", "adapter_config.json")]
    public void Whatever_stands_for_a_key_the_error_names_it(string fixture, string file)
    {
        using var folder = TemporaryDirectory.CopyOf(fixture);
        var original = File.ReadAllText(folder.File(file));
        var tokenizer = file == "generation_config.json" ? QwenTokenizer.Load(folder.Path) : null;
        var refused = 0;
        foreach (var path in Keys(JsonNode.Parse(original)!.AsObject(), []))
            foreach (var value in Values.Where(v => !v.StartsWith('{') || At(original, path) is not JsonObject))
            {
                File.WriteAllText(folder.File(file), With(original, path, value));
                try
                {
                    if (file == "config.json") QwenVlConfigReader.Read(folder.Path);
                    else if (file == "preprocessor_config.json") ImageProcessorConfig.Read(folder.Path);
                    else if (file == "generation_config.json") EndOfTurn.Read(folder.Path, tokenizer!);
                    else PeftDirectory.ReadConfig(folder.Path);
                }
                catch (InvalidDataException e)
                {
                    refused++;
                    e.Message.Should().Contain(path[^1]).And.Contain(file, $"{path[^1]} is {value}");
                    e.Message.Should().NotContainAny("identified items", "requested operation", "JsonElement", "System.",
                        "could not be converted");
                }
            }
        refused.Should().BeGreaterThan(5);
    }

    [Theory]
    [InlineData("[]", "config.json': the file is [], expected an object.")]
    [InlineData("{\"text_config\": 5}", "config.json': model_type is '")]
    [InlineData("{\"model_type\": 5}", "config.json': model_type is 5, expected a text.")]
    [InlineData("{\"model_type\": \"qwen2_5_vl\", \"vision_config\": []}", "config.json': vision_config is [], expected an object.")]
    [InlineData("{\"model_type\": \"qwen3_vl\", \"text_config\": {\"rope_parameters\": 3}}", "config.json': text_config.rope_parameters "
        + "is 3, expected an object.")]
    [InlineData("{\"model_type\": \"qwen3_vl\", \"text_config\": {\"rope_scaling\": {\"mrope_section\": [24, 20.0, 20]}}}",
        "config.json': text_config.rope_scaling.mrope_section[1] is 20.0, expected an integer.")]
    [InlineData("{\"model_type\": \"qwen2_5_vl\", \"rope_scaling\": {\"mrope_section\": []}}", "config.json': mrope_section [] must be "
        + "three numbers that sum to half of head_dim (")]
    [InlineData("{\"model_type\": \"qwen2_5_vl\", \"vision_config\": {\"out_hidden_size\": 8192, \"fullatt_block_indexes\": [7, 2147483647]}}", "config.json': fullatt_block_indexes [7, 2147483647] must be below the depth (32)")]
    [InlineData("{\"model_type\": \"qwen2_5_vl\", \"vision_config\": {\"out_hidden_size\": 8192, \"fullatt_block_indexes\": [-1]}}",
        "config.json': fullatt_block_indexes [-1] must be below the depth (32)")]
    [InlineData("{\"model_type\": \"qwen2_vl\", \"vision_config\": {\"mlp_ratio\": 1e30}}", "config.json': vision_config.mlp_ratio is "
        + "1e30, expected a number above 0, up to 1024.")]
    public void What_is_of_another_shape_is_not_taken_for_absent(string config, string message)
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder.File("config.json"), config);
        FluentActions.Invoking(() => QwenVlConfigReader.Read(folder.Path)).Should().Throw<InvalidDataException>().Which.Message.Should()
            .Contain(message);
    }

    private static string Case(string name) => File.ReadAllText(Cases.PathOf("10-config-messages", name));

    private static TemporaryDirectory Changed(string fixture, string file, string text)
    {
        var folder = TemporaryDirectory.CopyOf(fixture);
        File.WriteAllText(folder.File(file), text);
        return folder;
    }

    private static Action Reading(string fixture, string file, string text, Action<string> read) => () =>
    {
        using var folder = Changed(fixture, file, text);
        read(folder.Path);
    };

    private static IEnumerable<string[]> Keys(JsonObject json, string[] above)
        => json.SelectMany(p => p.Value is JsonObject inner ? Keys(inner, [.. above, p.Key]).Prepend([.. above, p.Key])
            : [[.. above, p.Key]]);

    private static JsonNode? At(string json, string[] path) => path.Aggregate(JsonNode.Parse(json), (n, key) => n![key]);

    /// <summary>By text, because a node would not hold 1e400.</summary>
    private static string With(string json, string[] path, string value)
    {
        const string Place = "9876543210123";
        var root = JsonNode.Parse(json)!;
        var node = path[..^1].Aggregate(root, (n, key) => n[key]!);
        node[path[^1]] = long.Parse(Place, System.Globalization.CultureInfo.InvariantCulture);
        return root.ToJsonString().Replace(Place, value, StringComparison.Ordinal);
    }
}
