using System.Text.Json;
using FluentAssertions;
using Samples.Shared;
using TinyBase.Checkpoint;
using ViSurf.Core.Benchmarks;
using ViSurf.Core.Data;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Benchmarks;

/// <summary>The checkpoints that benchmarks make for themselves.</summary>
public sealed class CheckpointShapeTests
{
    private static readonly string[] Small = ["--hidden", "256", "--layers", "2", "--intermediate", "96", "--vision-hidden", "64", "--vision-depth", "5", "--vocab", "1000"];

    [Fact]
    public void The_7B_shape_has_as_many_parameters_as_the_published_model()
    {   // Qwen2.5-VL-7B-Instruct: 16 584 333 312 bytes of bfloat16, by the index of its shards.
        using var folder = new TemporaryDirectory();
        RandomCheckpoint.Write(folder.Path, Parse("--shape", "qwen2.5-vl-7b"));
        var config = QwenVlConfigReader.Read(folder.Path);
        RandomCheckpoint.Parameters(config).Should().Be(16_584_333_312 / 2);
        config.Text.Should().BeEquivalentTo(new { VocabularySize = 152064, HeadSize = 128, RopeSection = new[] { 16, 24, 24 }, RopeTheta = 1e6, NormEpsilon = 1e-6 });
    }

    [Fact]
    public void The_3B_shape_has_as_many_parameters_as_the_published_model()
    {
        using var folder = new TemporaryDirectory();
        RandomCheckpoint.Write(folder.Path, Parse("--shape", "qwen2.5-vl-3b"));
        var config = QwenVlConfigReader.Read(folder.Path);
        // The decoder is Qwen2.5-3B's: a layer has q and o of 2048², k and v of 2048·256, biases 2048 + 2·256, three matrices of
        // 2048·11008, two norms; the head is the embedding. The tower is that of the 7B, whose merger ends in 2048 instead of 3584.
        const long Layer = 2 * 2048 * 2048 + 2 * 2048 * 256 + 2048 + 2 * 256 + 3 * 2048 * 11008 + 2 * 2048;
        const long Decoder = 36 * Layer + 2048 + 151936 * 2048;
        Decoder.Should().Be(3_085_938_688, "which is what Qwen2.5-3B has");
        using var large = new TemporaryDirectory();
        RandomCheckpoint.Write(large.Path, Parse("--shape", "qwen2.5-vl-7b"));
        const long Decoder7B = 28L * (2 * 3584 * 3584 + 2 * 3584 * 512 + 3584 + 2 * 512 + 3 * 3584 * 18944 + 2 * 3584) + 3584 + 2L * 152064 * 3584;
        var tower = RandomCheckpoint.Parameters(QwenVlConfigReader.Read(large.Path)) - Decoder7B - (5120 + 1) * (3584 - 2048);
        RandomCheckpoint.Parameters(config).Should().Be(Decoder + tower);
        config.TiedHead.Should().BeTrue();
    }

    [Fact]
    public void The_default_shape_has_35_million_parameters()
    {
        using var folder = new TemporaryDirectory();
        RandomCheckpoint.Write(folder.Path, Parse());
        RandomCheckpoint.Parameters(QwenVlConfigReader.Read(folder.Path)).Should().BeInRange(34_500_000, 35_500_000);
    }

    [Fact]
    public void Sizes_arrive_in_the_config_with_heads_of_64_four_to_a_key_value_head()
    {
        using var folder = new TemporaryDirectory();
        RandomCheckpoint.Write(folder.Path, Parse(Small));
        var config = QwenVlConfigReader.Read(folder.Path);
        config.Text.Should().BeEquivalentTo(new
        {
            HiddenSize = 256, Layers = 2, IntermediateSize = 96, Heads = 4, KeyValueHeads = 1, HeadSize = 64,
            VocabularySize = 1024, // 1000 rounded up to a multiple of 64
            RopeSection = new[] { 8, 12, 12 },
        });
        config.Vision.Should().BeEquivalentTo(new { HiddenSize = 64, Heads = 1, Depth = 5, IntermediateSize = 128, OutputSize = 256, FullAttentionBlocks = new[] { 3, 4 } });
    }

    [Theory]
    [InlineData("--hidden", "320", "*multiple of 256*")]
    [InlineData("--vision-hidden", "100", "*multiple of 64*")]
    [InlineData("--shape", "llama", "*qwen2.5-vl-3b or qwen2.5-vl-7b*'llama'*")]
    public void Sizes_that_give_no_whole_heads_are_refused(string option, string value, string message)
        => FluentActions.Invoking(() => Parse(option, value)).Should().Throw<ArgumentException>().WithMessage(message);

    [Fact]
    public void A_made_checkpoint_has_the_files_keys_and_tensor_names_of_a_published_one()
    {
        using var made = new TemporaryDirectory();
        RandomCheckpoint.Write(made.Path, Parse("--hidden", "256", "--layers", "4", "--vision-depth", "4", "--intermediate", "96", "--vocab", "600"));
        RandomCheckpoint.WriteWeights(made.Path, ScalarType.BFloat16, CPU, seed: 3);
        var published = Fixtures.PathOf("qwen2_5_vl_hub");
        Names(made.Path).Should().BeEquivalentTo(Names(published));
        Keys(made.Path, "config.json").Should().Contain(Keys(published, "config.json"));
        Keys(made.Path, "preprocessor_config.json").Should().Contain(["patch_size", "merge_size", "temporal_patch_size", "image_mean", "image_std", "min_pixels", "max_pixels", "image_processor_type"]);
        new[] { "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt", "chat_template.jinja", "generation_config.json" }
            .Should().OnlyContain(file => File.Exists(made.File(file)));
    }

    [Fact]
    public void A_made_checkpoint_loads_and_reads_a_picture()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryDirectory();
        RandomCheckpoint.Write(folder.Path, Parse(Small));
        RandomCheckpoint.WriteWeights(folder.Path, ScalarType.Float32, CPU, seed: 3).Should().BePositive();
        using var policy = QwenVlPolicy.Load(folder.Path, TestDevice.Value);
        using var prompt = QwenPromptEncoder.Load(folder.Path).Encode((Workload.W1 with { Side = 84, Prompts = 1 }).Examples()[0]);
        prompt.Grids.Should().Equal(new Core.Encoding.PatchGrid(1, 6, 6));
        using var batch = Core.Encoding.Collator.Prompts([prompt]);
        using var rows = Core.Encoding.Collator.Sequences(batch, [(0, [1, 2, 3])]);
        using var scores = policy.Score(rows);
        // Weights this small speak every token with about the same probability.
        scores.LogProbs.mean().item<float>().Should().BeApproximately((float)-Math.Log(1024), 1f);
    }

    [Fact]
    public void A_borrowed_tokenizer_brings_its_ids()
    {
        using var folder = new TemporaryDirectory();
        RandomCheckpoint.Write(folder.Path, Parse(Small));
        BorrowedTokenizer.Take(folder.Path, Fixtures.PathOf("qwen2_5_vl_hub"));
        var (made, source) = (QwenVlConfigReader.Read(folder.Path), QwenVlConfigReader.Read(Fixtures.PathOf("qwen2_5_vl_hub")));
        (made.ImageTokenId, made.VisionStartTokenId, made.VisionEndTokenId).Should().Be((source.ImageTokenId, source.VisionStartTokenId, source.VisionEndTokenId));
        made.Text.VocabularySize.Should().BeGreaterThanOrEqualTo(source.ImageTokenId + 1).And.Match(rows => rows % 64 == 0);
        var (encoder, other) = (QwenPromptEncoder.Load(folder.Path), QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl_hub")));
        encoder.StopIds[0].Should().Be(other.StopIds[0]);
        var example = VisionExample.Ask("x", "Where is the red circle?", null);
        using var a = encoder.Encode(example);
        using var b = other.Encode(example);
        a.TokenIds.Should().Equal(b.TokenIds);
    }

    private static TinyConfig Parse(params string[] args) => CheckpointShape.Parse(new CommandLine("test", CheckpointShape.Options).Parse(args));

    private static string[] Names(string folder)
    {
        using var checkpoint = CheckpointReader.Open(folder);
        return [.. checkpoint.Names];
    }

    private static string[] Keys(string folder, string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, file)));
        return [.. json.RootElement.EnumerateObject().SelectMany(p => p.Value.ValueKind == JsonValueKind.Object ? p.Value.EnumerateObject().Select(q => $"{p.Name}.{q.Name}") : [p.Name])];
    }
}
