using FluentAssertions;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.QwenVl;

public sealed class QwenVlConfigTests
{
    [Fact]
    public void The_flat_hub_form_says_the_same_as_the_nested_form()
        => QwenVlConfigReader.Read(Fixtures.PathOf("qwen2_5_vl_hub"))
            .Should().BeEquivalentTo(QwenVlConfigReader.Read(Fixtures.PathOf("qwen2_5_vl")));

    [Fact]
    public void Omitted_keys_have_the_class_defaults_of_transformers()
    {
        var config = Read("""{"model_type":"qwen2_5_vl","vision_config":{"out_hidden_size":8192}}""");
        config.Text.Should().BeEquivalentTo(new QwenTextConfig());
        config.Vision.Should().BeEquivalentTo(new QwenVisionConfig { OutputSize = 8192 });
        config.Text.HeadSize.Should().Be(8192 / 64);
        config.TiedHead.Should().BeFalse();
        config.ImageTokenId.Should().Be(151655);
    }

    [Theory]
    [InlineData("""{"model_type":"llama"}""", "*model_type is 'llama'; supported are qwen2_vl, qwen2_5_vl, qwen3_vl, qwen2, qwen3.*")]
    [InlineData("""{"model_type":"qwen2_5_vl","num_attention_heads":7,"num_key_value_heads":2}""", "*(7)*(2)*")]
    [InlineData("""{"model_type":"qwen2_5_vl","rope_scaling":{"type":"yarn"}}""", "*'yarn'*")]
    [InlineData("""{"model_type":"qwen2_5_vl","rope_scaling":{"type":"mrope","mrope_section":[1,2,3]}}""", "*1, 2, 3*128*")]
    [InlineData("""{"model_type":"qwen2_5_vl","use_sliding_window":true}""", "*use_sliding_window*")]
    [InlineData("""{"model_type":"qwen2_5_vl"}""", "*3584*8192*")]
    [InlineData("""{"hidden_size": "wide"}""", "*config.json*")]
    [InlineData("not json", "*config.json*")]
    public void A_configuration_that_cannot_be_right_is_refused_with_both_numbers(string json, string message)
    {
        var read = () => Read(json);
        read.Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void A_missing_directory_and_a_missing_file_are_told_apart()
    {
        using var folder = new TemporaryDirectory();
        var file = () => QwenVlConfigReader.Read(folder.Path);
        var directory = () => QwenVlConfigReader.Read(folder.File("nowhere"));
        file.Should().Throw<FileNotFoundException>().WithMessage("*config.json*");
        directory.Should().Throw<DirectoryNotFoundException>().WithMessage("*nowhere*");
    }

    private static QwenVlConfig Read(string json)
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder.File("config.json"), json);
        return QwenVlConfigReader.Read(folder.Path);
    }
}
