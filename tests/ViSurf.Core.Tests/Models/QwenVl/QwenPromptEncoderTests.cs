using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>What the files beside the weights have to agree on (encoded prompts are held by PromptEncoderParity).</summary>
public sealed class QwenPromptEncoderTests
{
    [Theory, InlineData("qwen2"), InlineData("qwen3")]
    public void A_text_only_encoder_needs_no_image_processor_and_encodes_as_the_golden_model(string family)
    {
        using var folder = Families.Checkpoint(family);
        var (directory, index) = (Families.GoldenOf(family), Families.TextCase(Families.GoldenOf(family)));
        using var golden = new GoldenCase(directory, index);
        using var json = Fixtures.Json(directory, "golden.json");
        var encoder = QwenPromptEncoder.Load(folder.Path);
        encoder.ImageProcessor.Should().BeNull();
        using var prompt = encoder.Encode(VisionExample.Ask("text", json.RootElement.GetProperty("cases")[index].GetProperty("question").GetString()!, null));
        prompt.TokenIds.Should().Equal(golden.PromptIds);
        prompt.Pixels.Should().BeNull();
        encoder.StopIds.Should().Equal(1502);
        encoder.SuppressedIds.Should().Contain(encoder.Tokenizer.Id("<|image_pad|>"), "the tokenizer has it, and no text does");
    }

    [Fact]
    public void Newer_transformers_put_the_image_settings_into_processor_config()
    {
        using var folder = TemporaryDirectory.CopyOf("qwen3_vl");
        var settings = JsonNode.Parse(File.ReadAllText(folder.File("preprocessor_config.json")));
        File.Delete(folder.File("preprocessor_config.json"));
        File.WriteAllText(folder.File("processor_config.json"), new JsonObject { ["image_processor"] = settings }.ToJsonString());
        QwenPromptEncoder.Load(folder.Path).ImageProcessor!.Config
            .Should().BeEquivalentTo(QwenPromptEncoder.Load(Fixtures.PathOf("qwen3_vl")).ImageProcessor!.Config);
    }

    [Fact]
    public void An_image_processor_of_another_generation_is_refused_with_both_sizes()
    {
        using var folder = TemporaryDirectory.CopyOf("qwen3_vl");
        File.Copy(Fixtures.PathOf("qwen2_vl", "preprocessor_config.json"), folder.File("preprocessor_config.json"), overwrite: true);
        var load = () => QwenPromptEncoder.Load(folder.Path);
        load.Should().Throw<InvalidDataException>().WithMessage("*(16, 2, 2)*(14, 2, 2)*");
    }

    [Fact]
    public void A_tokenizer_with_another_image_placeholder_is_refused_with_both_ids()
    {
        using var folder = TemporaryDirectory.CopyOf("qwen2_vl");
        File.WriteAllText(folder.File("config.json"), File.ReadAllText(folder.File("config.json")).Replace("\"image_token_id\": 1512", "\"image_token_id\": 1400", StringComparison.Ordinal));
        var load = () => QwenPromptEncoder.Load(folder.Path);
        load.Should().Throw<InvalidDataException>().WithMessage("*1512*1400*");
    }
}
