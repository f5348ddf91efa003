using FluentAssertions;
using Inspect;
using TorchSharp;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Samples;

public class InspectTests
{
    [Theory]
    [InlineData("qwen2_5_vl")]
    [InlineData("qwen2_5_vl_hub")]
    public void Headers_alone_give_every_part_of_a_checkpoint(string directory)
    {
        using var checkpoint = CheckpointReader.Open(Fixtures.PathOf(directory));
        var parts = CheckpointPart.Of(checkpoint.Names.Select(checkpoint.Entry));
        parts.Select(p => p.Name).Should().Equal("embedding", "decoder layers", "final norm", "head", "vision tower", "merger");
        // 1536 tokens of 64; 4 layers of two norms (64), q (64·64 + 64), k and v (64·32 + 32 each), o (64·64), three MLP matrices (64·160).
        parts[0].Elements.Should().Be(1536 * 64);
        parts[1].Elements.Should().Be(4 * ((2 * 64) + ((64 * 64) + 64) + (2 * ((64 * 32) + 32)) + (64 * 64) + (3 * 64 * 160)));
        parts.Should().OnlyContain(p => p.Types == "bfloat16" && p.Bytes == 2 * p.Elements);
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(directory), TestDevice.Value);
        parts.Sum(p => p.Elements).Should().Be(policy.Weights().Sum(w => w.Value.numel()));
    }

    [Fact]
    public void An_adapter_is_a_part_of_its_own()
    {
        using var file = SafeTensorsReader.Open(Fixtures.PathOf("qwen2_5_vl_lora", "adapter_model.safetensors"));
        CheckpointPart.Of(file.Entries.Values).Select(p => p.Name).Should().Equal("adapter");
    }

    [Fact]
    public void Without_arguments_there_is_a_model_a_picture_and_a_question()
    {
        var options = InspectOptions.Parse([])!;
        File.Exists(Path.Combine(options.Model, "config.json")).Should().BeTrue();
        File.Exists(options.Image).Should().BeTrue();
        options.Question.Should().NotBeEmpty();
        options.Type.Should().Be(torch.ScalarType.Float32);
        options.Frozen.Should().BeNull();
    }

    [Fact]
    public void A_question_alone_has_no_picture_and_a_directory_comes_first()
    {
        var options = InspectOptions.Parse(["some/dir", "--question", "why?", "--dtype", "bfloat16", "--freeze", "vision"])!;
        (options.Model, options.Image, options.Question, options.Type).Should().Be(("some/dir", null, "why?", torch.ScalarType.BFloat16));
        options.Frozen!.Contains("visual.blocks.0.attn.qkv.weight").Should().BeTrue();
        InspectOptions.Parse(["--help"]).Should().BeNull();
    }

    [Theory]
    [InlineData("*float32, bfloat16, float16*'int8'*", "--dtype", "int8")]
    [InlineData("*vision, tower*'legs'*", "--freeze", "legs")]
    [InlineData("*got both*", "--freeze", "vision", "--adapter", "dir")]
    [InlineData("Unknown option 'second'*", "first", "second")]
    public void A_wrong_value_says_what_was_expected(string message, params string[] args)
        => FluentActions.Invoking(() => InspectOptions.Parse(args)).Should().Throw<ArgumentException>().WithMessage(message);
}
