using FluentAssertions;
using ViSurf.Core.Benchmarks;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Benchmarks;

/// <summary>What a command line asks for, and what a command says at the end.</summary>
public sealed class BenchmarkOptionsTests
{
    [Fact]
    public void Without_options_a_step_is_W1()
    {
        var options = Parse();
        options.Repeat.Should().Be(3);
        Workload.Parse(options.Line, Workload.W1).Should().Be(new Workload { Side = 448, NewTokens = 64, GroupSize = 8, Prompts = 2, Label = true });
        SharingOptions.Parse(options.Line).Should().Equal(Sharing.Shared);
    }

    [Fact]
    public void Options_change_a_named_workload()
    {
        var line = Parse("--workload", "W2", "--group", "4", "--prompts", "3", "--no-label", "--steps", "7").Line;
        Workload.Parse(line, Workload.W1).Should().Be(new Workload { Side = 112, NewTokens = 256, GroupSize = 4, Prompts = 3, Label = false });
    }

    [Fact]
    public void A_picture_of_side_0_is_no_picture()
    {
        var workload = Workload.Parse(Parse("--image-side", "0").Line, Workload.W1);
        workload.Examples().Should().HaveCount(2).And.OnlyContain(e => e.Images.Count == 0);
    }

    [Fact]
    public void A_smoke_run_measures_once_unless_told_otherwise()
    {
        Parse("--smoke").Repeat.Should().Be(1);
        Parse("--smoke", "--steps", "2").Repeat.Should().Be(2);
    }

    [Fact]
    public void Compare_means_both_modes_and_excludes_replicated()
    {
        SharingOptions.Parse(Parse("--compare").Line).Should().Equal(Sharing.Shared, Sharing.Replicated);
        SharingOptions.Parse(Parse("--replicated").Line).Should().Equal(Sharing.Replicated);
        FluentActions.Invoking(() => SharingOptions.Parse(Parse("--compare", "--replicated").Line)).Should().Throw<ArgumentException>().WithMessage("*got both*");
    }

    [Theory]
    [InlineData("--workload", "W3", "*W1 or W2*'W3'*")]
    [InlineData("--group", "0", "*at least 1 after --group*")]
    [InlineData("--image-side", "-1", "*at least 0 after --image-side*")]
    public void What_makes_no_workload_is_refused(string option, string value, string message)
        => FluentActions.Invoking(() => Workload.Parse(Parse(option, value).Line, Workload.W1)).Should().Throw<ArgumentException>().WithMessage(message);

    [Fact]
    public void A_dtype_is_one_of_two() => FluentActions.Invoking(() => ModelType.Parse("float16")).Should().Throw<ArgumentException>().WithMessage("*float32 or bfloat16*'float16'*");

    [Fact]
    public void Rows_are_one_group_size_or_several()
    {
        Workload.Rows(Parse().Line, 8).Should().Equal(8);
        Workload.Rows(Parse("--rows", "8,64").Line, 16).Should().Equal(8, 64);
        FluentActions.Invoking(() => Workload.Rows(Parse("--rows", "8,0").Line, 8)).Should().Throw<ArgumentException>().WithMessage("*commas*'8,0'*");
    }

    [Theory]
    [InlineData("NVIDIA H200", 989.0)]
    [InlineData("NVIDIA H100 80GB HBM3", 989.0)]
    [InlineData("NVIDIA H20", 148.0)]
    [InlineData("NVIDIA GB200", 2500.0)]
    [InlineData("NVIDIA GeForce RTX 9999", null)]
    [InlineData(null, null)]
    public void A_card_is_found_by_the_longest_part_of_its_name_that_is_known(string? name, double? tflops) => Card.Tflops(name).Should().Be(tflops);

    [Fact]
    public void Replicated_rows_stay_inside_the_budget_of_a_micro_batch()
    {   // A row of 300 + 64 tokens fits 2 times into 1000.
        var workload = new Workload { NewTokens = 64, MicroBatchTokens = 1000 };
        workload.TrainerOptions(replicatedPrompt: 300).MicroBatchRows.Should().Be(2);
        workload.TrainerOptions(replicatedPrompt: 5000).MicroBatchRows.Should().Be(1, "a single row cannot be cut");
        workload.TrainerOptions(replicatedPrompt: null).MicroBatchRows.Should().Be(9, "a micro-batch holds one group: 8 rollouts and the label");
        (workload with { MicroBatchRows = 100 }).TrainerOptions(replicatedPrompt: null).MicroBatchRows.Should().Be(100);
    }

    [Fact]
    public void A_decoding_step_reads_every_matrix_of_the_decoder_and_the_head_once()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl"), TestDevice.Value);
        var matrices = policy.Weights().Where(w => w.Value.dim() == 2 && !w.Name.StartsWith("visual.", StringComparison.Ordinal) && !w.Name.Contains("embed_tokens", StringComparison.Ordinal));
        new DecodeBytes(policy.Config, 4).Weights.Should().Be(4.0 * matrices.Sum(w => w.Value.numel()));
    }

    [Fact]
    public void Shared_prompts_are_read_once_and_replicated_ones_for_every_row()
    {   // 3 layers, 2 key-value heads of 2, keys and values: 24 numbers of 4 bytes a token.
        var bytes = new DecodeBytes(new QwenVlConfig { Text = new() { HiddenSize = 8, IntermediateSize = 10, Layers = 3, Heads = 4, KeyValueHeads = 2, HeadSize = 2, VocabularySize = 100 }, Vision = null }, 4);
        // Prompts of 10 and 20, 4 rows each, 6 tokens at the end and 3 in the mean: 8·3 = 24.
        bytes.Step([10, 20], 4, 6, replicated: false).Should().Be(bytes.Weights + 96 * (30 + 24));
        bytes.Step([10, 20], 4, 6, replicated: true).Should().Be(bytes.Weights + 96 * (120 + 24));
    }

    [Fact]
    public void The_last_line_is_JSON_on_one_line_whatever_the_numbers()
        => JsonLine.Text(new Dictionary<string, object?> { ["a"] = 1.0 / 3, ["b"] = new[] { double.NaN, 2 }, ["c"] = null, ["d"] = new { e = "x" } })
            .Should().Be("""{"a":0.333333,"b":[null,2],"c":null,"d":{"e":"x"}}""");

    [Fact]
    public void The_median_is_the_middle_and_of_an_even_number_the_mean_of_the_two_in_the_middle()
    {   // Not the upper one: seconds would look longer, rates faster than they are.
        new[] { 4.0, 1, 3, 2 }.Median().Should().Be(2.5);
        new[] { 5.0, 1, 3 }.Median().Should().Be(3);
        new[] { 7.0 }.Median().Should().Be(7);
    }

    private static BenchmarkOptions Parse(params string[] args)
        => BenchmarkOptions.Parse("test", ("--steps", 3), args, [.. Workload.Options, .. SharingOptions.Options, Workload.RowsOption])!;
}
