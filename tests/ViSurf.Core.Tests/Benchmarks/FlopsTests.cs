using FluentAssertions;
using ViSurf.Core.Benchmarks;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using Xunit;

namespace ViSurf.Core.Tests.Benchmarks;

/// <summary>The floor that benchmarks compare with, counted by hand.</summary>
public sealed class FlopsTests
{
    private static readonly QwenVlConfig Config = new()
    {
        Text = new() { HiddenSize = 8, IntermediateSize = 10, Layers = 3, Heads = 4, KeyValueHeads = 2, HeadSize = 2, VocabularySize = 100 },
        Vision = new() { HiddenSize = 4, IntermediateSize = 6, Depth = 2, Heads = 2, OutputSize = 8, WindowSize = 56, FullAttentionBlocks = [1] },
    };

    private static readonly Flops Count = new(Config);

    [Fact]
    public void A_decoder_token_costs_its_matrices_and_a_look_at_every_earlier_token()
    {
        // q and o: 8·8 each; k and v: 8·4 each; gate, up, down: 8·10 each. 64+64+32+32+240 = 432 multiply-adds.
        // Attention of token i over i + 1 keys of 8 query numbers: scores and mix, 2·8·(i + 1).
        Count.Decoder(0, 1).Should().Be(2.0 * 3 * (432 + 16));
        Count.Decoder(5, 1).Should().Be(2.0 * 3 * (432 + 16 * 6));
        Count.Decoder(0, 3).Should().Be(2.0 * 3 * (3 * 432 + 16 * (1 + 2 + 3)));
    }

    [Fact]
    public void Tokens_cost_the_same_in_one_piece_or_in_two()
        => (Count.Decoder(0, 7) + Count.Decoder(7, 5)).Should().Be(Count.Decoder(0, 12));

    [Fact]
    public void The_head_costs_two_operations_per_weight_and_position() => Count.Head(5).Should().Be(2 * 5 * 8 * 100);

    [Fact]
    public void A_picture_costs_patches_times_weights_and_attention_inside_its_segments()
    {
        // 4 × 8 patches of 3·2·14·14 = 1176 numbers; windows of 56 / 14 = 4 patches a side, so two of 16; one frame of 32.
        // Linear, per patch and block: 4·4·4 + 3·4·6 = 136. Attention: 2·4·(16² + 16²) in block 0, 2·4·32² in block 1.
        // Merger: 32 / 4 = 8 cells of 4·4 = 16 numbers: 16·16 + 16·8 = 384 each.
        var expected = 2.0 * (32 * 1176 * 4 + 32 * 2 * 136 + (8 * (256 + 256) + 8 * 1024) + 8 * 384);
        Count.Vision([new PatchGrid(1, 4, 8)]).Should().Be(expected);
    }

    [Fact]
    public void A_group_pays_for_picture_and_prompt_once_and_never_reads_a_last_token()
        => Count.Group([new PatchGrid(1, 4, 8)], 10, [3, 1]).Should().Be(
            Count.Vision([new PatchGrid(1, 4, 8)]) + Count.Decoder(0, 10) - NotAskedOfTen + Count.Decoder(10, 2) + Count.Head(3)
                + Count.Head(1));

    [Fact]
    public void A_text_only_prompt_pays_for_no_picture()
        => Count.Group([], 10, [1]).Should().Be(Count.Decoder(0, 10) - NotAskedOfTen + Count.Head(1));

    [Fact]
    public void Of_the_rows_of_a_prompt_that_predict_nothing_the_last_layer_makes_keys_and_values_only()
    {
        // A prompt of 1 token predicts with it: nothing is left out. Of 3 tokens two are not asked for: in one of the three layers without
        // q and o (64 each), the MLP (240) and their looks at 1 and 2 keys (16 each).
        Count.Group([], 1, [1]).Should().Be(Count.Decoder(0, 1) + Count.Head(1));
        Count.Group([], 3, [1]).Should().Be(Count.Decoder(0, 3) + Count.Head(1) - 2.0 * (2 * (64 + 64 + 240) + 16 * (1 + 2)));
    }

    [Fact]
    public void Features_added_after_the_last_layer_ask_for_every_row_of_it()
    {   // Three deepstack features in a decoder of three layers; without a picture nothing is added.
        var flops = new Flops(Config with { ModelType = "qwen3_vl",
            Vision = Config.Vision! with { FullAttentionBlocks = [], DeepstackBlocks = [0, 1, 1] } });
        var grids = new[] { new PatchGrid(1, 4, 8) };
        flops.Group(grids, 10, [1]).Should().Be(flops.Vision(grids) + flops.Decoder(0, 10) + flops.Head(1));
        flops.Group([], 10, [1]).Should().Be(flops.Decoder(0, 10) - NotAskedOfTen + flops.Head(1));
    }

    /// <summary>Nine rows without q, o and the MLP, 64 + 64 + 240, and without their looks at 1 to 9 keys.</summary>
    private const double NotAskedOfTen = 2.0 * (9 * 368 + 16 * 45);

    [Fact]
    public void Qwen2_VL_looks_at_whole_frames_and_has_two_matrices_in_its_MLP()
    {
        // 4·4·4 + 2·4·6 = 112 per patch and block; both blocks look at all 32 patches.
        var flops = new Flops(Config with { ModelType = "qwen2_vl", Vision = Config.Vision! with { FullAttentionBlocks = [] } });
        flops.Vision([new PatchGrid(1, 4, 8)]).Should().Be(2.0 * (32 * 1176 * 4 + 32 * 2 * 112 + 2 * 8 * 1024 + 8 * 384));
    }

    [Fact]
    public void Qwen3_VL_has_a_merger_for_every_deepstack_block()
    {
        var vision = Config.Vision! with { FullAttentionBlocks = [], DeepstackBlocks = [0, 1] };
        var flops = new Flops(Config with { ModelType = "qwen3_vl", Vision = vision });
        flops.Vision([new PatchGrid(1, 4, 8)]).Should().Be(2.0 * (32 * 1176 * 4 + 32 * 2 * 112 + 2 * 8 * 1024 + 3 * 8 * 384));
    }

    [Fact]
    public void A_head_size_of_its_own_counts_as_it_is()
    {   // Qwen3: 4 heads of 6 on a width of 8. q and o: 8·24; k and v: 8·12; MLP 240; attention 2·24.
        var flops = new Flops(Config with { Text = Config.Text with { HeadSize = 6 } });
        flops.Decoder(0, 1).Should().Be(2.0 * 3 * (2 * 192 + 2 * 96 + 240 + 48));
    }

    [Fact]
    public void Backward_costs_twice_the_forward_but_pixels_have_no_gradient()
    {   // The patch embedding: 32 patches of 1176 numbers to 4.
        var grids = new[] { new PatchGrid(1, 4, 8) };
        Count.Update(grids, 10, [3, 1], rank: null).Should().Be(3 * Count.Group(grids, 10, [3, 1]) - 2.0 * 32 * 1176 * 4);
    }

    [Fact]
    public void With_adapters_frozen_weights_have_no_gradient_and_the_tower_does_not_run_again()
    {
        // A prompt of 2 and a completion of 3 tokens: 4 are read, 3 predicted. Rank 2: q 2·(8+8) = 32, k and v 2·(8+4) = 24 each, o 32,
        // gate, up, down 2·(8+10) = 36 each: 220 per token and layer. Attention: 16·(1+2+3+4) = 160 per layer, forward and twice backward.
        // Nothing flows back through the first layer's q, k, v: 8·(8+4+4) = 128 of frozen weights, 3·2·8 = 48 of A.
        // Of the prompt's first token the last layer makes keys and values only: without 368 of the weights, 172 of adapters, one look of
        // 16.
        var frozen = (4 * 3 * 432 - 368) + (4 * (3 * 432 - 128) - 368) + 2 * 3 * 800;
        var adapters = 3 * (4 * 3 * 220 - 172) - 4 * 48;
        var expected = 2.0 * (frozen + adapters + 3 * (3 * 160 - 16));
        Count.Update([], 2, [3], rank: 2).Should().Be(expected);
        Count.Update([new PatchGrid(1, 4, 8)], 2, [3], rank: 2).Should().Be(expected, "the features of the rollout are kept");
    }

    [Fact]
    public void In_a_decoder_of_one_layer_the_first_is_the_last_too()
    {
        // A prompt of 3 and a completion of 1: one of three rows is asked for. Keys and values of all: 3·64. Query, o, MLP of one: 368.
        // Backward into frozen weights: o and MLP of one row (304), nothing through q, k, v. Adapters: k and v of all 3·48, the others 172
        // of
        // one; three times, less what would flow into A of q (one row), k, v (three): 2·8 each. One look at 3 keys.
        var flops = new Flops(Config with { Text = Config.Text with { Layers = 1 } });
        var expected = (3 * 64 + 368) + 304 + 3 * (3 * 48 + 172) - 16 * (1 + 2 * 3) + 2 * 800 + 3 * 16 * 3;
        flops.Update([], 3, [1], rank: 2).Should().Be(2.0 * expected);
    }
}
