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

    [Fact]
    public void Qwen2_VL_calls_its_towers_width_embed_dim_and_the_decoders_hidden_size()
    {
        var defaults = Read("""{"model_type":"qwen2_vl","hidden_size":3584,"num_attention_heads":28,"num_key_value_heads":4}""");
        defaults.Text.Should().BeEquivalentTo(new QwenTextConfig { HiddenSize = 3584, Heads = 28, KeyValueHeads = 4 });
        defaults.Vision.Should().BeEquivalentTo(new QwenVisionConfig { HiddenSize = 1280, IntermediateSize = 4 * 1280, OutputSize = 3584, FullAttentionBlocks = [] });
        var stated = Read("""{"model_type":"qwen2_vl","text_config":{"hidden_size":64,"num_attention_heads":4,"num_key_value_heads":4,"rope_parameters":{"mrope_section":[2,3,3]}},"vision_config":{"embed_dim":48,"hidden_size":64,"mlp_ratio":2.5,"num_heads":4}}""").Vision!;
        (stated.HiddenSize, stated.IntermediateSize, stated.OutputSize).Should().Be((48, 120, 64));
    }

    [Fact]
    public void Qwen3_VL_has_the_class_defaults_of_transformers()
    {
        var config = Read("""{"model_type":"qwen3_vl","vision_config":{"out_hidden_size":4096}}""");
        var (t, v) = (config.Text, config.Vision!);
        (t.VocabularySize, t.HiddenSize, t.IntermediateSize, t.Layers, t.Heads, t.KeyValueHeads, t.HeadSize, t.MaxPositions)
            .Should().Be((151936, 4096, 22016, 32, 32, 32, 128, 128000));
        (t.NormEpsilon, t.RopeTheta).Should().Be((1e-6, 5e6));
        t.RopeSection.Should().Equal(24, 20, 20);
        (v.Depth, v.HiddenSize, v.IntermediateSize, v.Heads, v.PatchSize, v.TemporalPatchSize, v.SpatialMergeSize, v.PositionTableSide)
            .Should().Be((27, 1152, 4304, 16, 16, 2, 2, 48));
        v.DeepstackBlocks.Should().Equal(8, 16, 24);
        (config.ImageTokenId, config.VisionStartTokenId, config.TiedHead).Should().Be((151655, 151652, false));
    }

    [Theory, InlineData("qwen2", 1e4), InlineData("qwen3", 1e4)]
    public void Text_only_families_have_no_tower_and_their_own_defaults(string family, double theta)
    {
        var config = Read($$"""{"model_type":"{{family}}","tie_word_embeddings":true}""");
        config.Vision.Should().BeNull();
        config.TiedHead.Should().BeTrue();
        var t = config.Text;
        (t.VocabularySize, t.HiddenSize, t.Layers, t.HeadSize, t.NormEpsilon, t.RopeTheta).Should().Be((151936, 4096, 32, 128, 1e-6, theta));
        t.RopeSection.Should().BeEmpty();
    }

    [Fact]
    public void An_omitted_head_size_is_an_equal_share_in_qwen2_and_128_in_qwen3()
    {
        string Json(string family, string more = "") => $$"""{"model_type":"{{family}}","hidden_size":2048,"num_attention_heads":32{{more}}}""";
        Read(Json("qwen2")).Text.HeadSize.Should().Be(64);
        Read(Json("qwen3")).Text.HeadSize.Should().Be(128);
        Read(Json("qwen3", ""","head_dim":null,"num_key_value_heads":null""")).Text.Should().Match<QwenTextConfig>(t => t.HeadSize == 64 && t.KeyValueHeads == 32);
    }

    [Theory]
    [InlineData("""{"model_type":"qwen2","use_sliding_window":false,"sliding_window":32768,"max_window_layers":28,"rope_scaling":null}""")]
    [InlineData("""{"model_type":"qwen3","layer_types":["full_attention","full_attention"],"attention_bias":false,"quantization_config":null}""")]
    public void Options_that_are_off_are_no_obstacle(string json) => Read(json).Vision.Should().BeNull();

    [Theory]
    [InlineData("qwen3_vl_moe", """ "text_config":{} """, "*model_type is 'qwen3_vl_moe'; supported are qwen2_vl, qwen2_5_vl, qwen3_vl, qwen2, qwen3.*")]
    [InlineData("", """ "text_config":{} """, "*model_type is ''*")]
    [InlineData("qwen2_vl", """ "quantization_config":{"quant_method":"gptq","bits":4} """, "*quantization_config*'gptq'*bfloat16*")]
    [InlineData("qwen3", """ "use_sliding_window":true,"sliding_window":4096 """, "*use_sliding_window*full attention*")]
    [InlineData("qwen3", """ "layer_types":["full_attention","sliding_attention"] """, "*layer_types*'sliding_attention'*")]
    [InlineData("qwen3_vl", """ "text_config":{"num_experts":128} """, "*num_experts is 128*dense*")]
    [InlineData("qwen3_vl", """ "text_config":{"rope_parameters":{"rope_type":"yarn","rope_theta":5000000}} """, "*'yarn'*")]
    [InlineData("qwen3_vl", """ "text_config":{"rope_scaling":{"mrope_interleaved":false}} """, "*mrope_interleaved is false*true*")]
    [InlineData("qwen2_5_vl", """ "rope_scaling":{"mrope_interleaved":true} """, "*mrope_interleaved is true*false*")]
    [InlineData("qwen3", """ "attention_bias":true """, "*attention_bias is true*")]
    [InlineData("qwen2", """ "hidden_act":"gelu" """, "*'gelu'*'silu'*")]
    [InlineData("qwen2_vl", """ "vision_config":{"hidden_act":"silu"} """, "*vision hidden_act is 'silu'*'quick_gelu'*")]
    [InlineData("qwen3_vl", """ "vision_config":{"out_hidden_size":4096,"num_position_embeddings":2300} """, "*2300*square*")]
    [InlineData("qwen3_vl", """ "vision_config":{"out_hidden_size":4096,"depth":24} """, "*8, 16, 24*depth (24)*")]
    [InlineData("qwen2", """ "num_hidden_layers":1000000000 """, "*num_hidden_layers is 1000000000*")]
    [InlineData("qwen2", """ "hidden_size":0 """, "*hidden_size is 0*")]
    [InlineData("qwen2", """ "vocab_size":99999999999 """, "*config.json*")]
    public void What_is_not_supported_is_one_error_that_names_it(string type, string rest, string message)
    {
        var read = () => Read($$"""{"model_type":"{{type}}",{{rest}}}""");
        read.Should().Throw<InvalidDataException>().WithMessage(message);
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
