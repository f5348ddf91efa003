using FluentAssertions;
using ViSurf.Core.Benchmarks;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>What layers keep for the backward pass: counted by hand, and compared with what the process really holds.</summary>
[Collection(Alone.Name)]
public sealed class QwenVlMemoryTests
{
    private static readonly QwenVlConfig Config = new()
    {
        Text = new() { HiddenSize = 8, IntermediateSize = 10, Layers = 2, Heads = 4, KeyValueHeads = 2, HeadSize = 2, VocabularySize = 100 },
        Vision = new() { HiddenSize = 4, IntermediateSize = 6, Depth = 1, Heads = 2, OutputSize = 8, PatchSize = 2, TemporalPatchSize = 1, Channels = 3 },
    };

    private static readonly PassSize Size = new(Prompts: 2, PromptTokens: 5, Patches: 16, Rows: 3, NewTokens: 4);

    [Fact]
    public void A_token_costs_what_its_layers_multiply()
    {
        var memory = new QwenVlMemory(Config, ScalarType.Float32, [.. Names()]).Score(Size);
        // Per prompt token and layer in float32, 4 bytes each: two norms with stream and scale (2·(8 + 1)),
        // queries and attention's output (2·8), keys and values (2·2·2), input of o (8), gate and up (2·10):
        // 18 + 16 + 8 + 8 + 20 = 70; a logarithm for each of 4 heads.
        // Of the last layer a prompt needs keys and values only: norm (8 + 1), input of k and v (8), keys and values (8).
        memory.Prompts.Should().Be(10 * 4 * (70 + 4 + 25));
        // Completions have the input of q, k and v in the last layer (8), and a final norm (8 + 1). They read 3 of 4 tokens; keys and
        // values are in the joined copies: 3 rows · 8 positions · 8 numbers, 2 layers.
        memory.Completions.Should().Be((9 * 4 * ((2 * (62 + 4)) + 8 + 9)) + (4 * 3 * 8 * 8 * 2));
        // 12 predicted tokens: 100 logits and the hidden state.
        memory.Logits.Should().Be(12 * 4 * (100 + 8));
        // Per patch: its 12 numbers; norms 2·(4 + 1), inputs of qkv and proj 2·4, q, k, v, rotated q and k, output 6·4, gate and up 2·6;
        // merger: norm 4 + 1, input, before and after GELU 3·4.
        memory.Vision.Should().Be(16 * 4 * (12 + 10 + 8 + 24 + 12 + 5 + 12));
    }

    [Fact]
    public void bfloat16_halves_all_but_the_stream_and_the_norms()
    {
        var memory = new QwenVlMemory(Config, ScalarType.BFloat16, [.. Names()]).Score(Size);
        // What autograd records: two norms with stream and normalised stream (2·2·8), input of q, k, v (8), queries and output (2·8), keys
        // and values (8), input of o (8), of gate and up (8), gate, SiLU, up, product (4·10): 32 numbers of norms and 4 logarithms are 4
        // bytes, 88 are 2. Of the last layer the norm's 16 are 4 bytes, the input of k and v, keys and values (16) are 2.
        memory.Prompts.Should().Be(10 * ((4 * 36) + (2 * 88) + (4 * 16) + (2 * 16)));
    }

    [Fact]
    public void Layers_with_adapters_keep_their_inputs_and_the_products_of_gates()
    {
        string[] adapter = ["model.layers.0.mlp.down_proj.lora_A.weight", "model.layers.0.mlp.down_proj.lora_B.weight"];
        var plain = new QwenVlMemory(Config, ScalarType.Float32, [.. Names()]).Score(Size);
        var adapted = new QwenVlMemory(Config, ScalarType.Float32, [.. Names(), .. adapter]).Score(Size);
        // The input of gate and up (8), SiLU and product (2·10), of 10 tokens of prompts and 9 of completions.
        (adapted.Prompts - plain.Prompts).Should().Be(10 * 4 * 28);
        (adapted.Completions - plain.Completions).Should().Be(9 * 4 * 28);
    }

    [Fact]
    public void What_is_frozen_with_nothing_trainable_before_it_keeps_nothing()
    {
        ScoreMemory Of(Func<string, bool> trains) => new QwenVlMemory(Config, ScalarType.Float32, [.. Names().Where(trains)]).Score(Size);
        var all = Of(_ => true);
        Of(n => !n.StartsWith("visual.", StringComparison.Ordinal)).Should().Be(all with { Vision = 0 });
        // The merger alone: its norm and three rows of patch width; the decoder keeps what leads back to it, but no inputs of frozen layers.
        var merger = Of(n => n.StartsWith("visual.merger", StringComparison.Ordinal));
        merger.Vision.Should().Be(16 * 4 * (5 + 12));
        // 70 without the input of o (8).
        // Of the last layer the stream and its scale (8 + 1), keys and values (8).
        merger.Prompts.Should().Be(10 * 4 * (62 + 4 + 17));
        // The last layer alone: the first one keeps nothing.
        Of(n => n.StartsWith("model.layers.1.", StringComparison.Ordinal)).Prompts.Should().Be(10 * 4 * 25);
        Of(n => n.StartsWith("lm_head", StringComparison.Ordinal)).Prompts.Should().Be(0);
    }

    [Fact]
    public void Decoding_keeps_two_vectors_a_layer_for_every_prompt_token_once_and_every_new_token()
        // (2 prompts · 5 + 3 rows · 4) positions · 2 layers · keys and values of 2 heads of 2, 4 bytes.
        => new QwenVlMemory(Config, ScalarType.Float32, []).Decode(Size).Cache.Should().Be(((2 * 5) + (3 * 4)) * 2 * (2 * 2 * 2) * 4);

    [Fact]
    public void The_fused_way_keeps_a_prompt_for_each_row_while_that_is_2_GiB_or_less()
    {
        var fused = new QwenVlMemory(Config, ScalarType.Float32, []) { Fused = true };
        // 3 rows of 5 + 4 tokens; a token is 64 bytes of keys and values.
        fused.Decode(Size).Cache.Should().Be(3 * (5 + 4) * 64);
        // 2²⁵ tokens of 64 bytes are 2 GiB: one row more, and the two prompts are shared.
        var large = Size with { Rows = 1 << 15, PromptTokens = 1 << 10, NewTokens = 1 };
        fused.Decode(large).Cache.Should().Be((1L << 31) + (1L << 15) * 64);
        fused.Decode(large with { Rows = (1 << 15) + 1 }).Cache.Should().Be((2 * (1L << 10) + (1L << 15) + 1) * 64);
    }

    [CpuTheory("weighs resident memory")]
    [InlineData(false)]
    [InlineData(true)]
    public void Scoring_keeps_as_much_as_the_formula_says(bool frozenVision)
    {
        if (!ResidentMemory.IsKnown) return;
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf("qwen2_5_vl"), TestDevice.Value);
        if (frozenVision) Freezing.Freeze(policy.Module, ParameterFilter.Vision);
        using var golden = new GoldenCase("qwen2_5_vl", 0);
        var rows = Enumerable.Range(0, 128).Select(i => (0, (IReadOnlyList<int>)[.. Enumerable.Range(0, 160).Select(t => 65 + ((i + t) % 60))])).ToArray();
        using var batch = Collator.Sequences(golden.Prompts, rows);
        var size = new PassSize(1, golden.PromptIds.Length, golden.Prompt.Pixels!.shape[0], 128, 160);
        var plan = QwenVlMemory.Of(policy).Score(size);
        var planned = plan.Vision + plan.Prompts + plan.Completions + plan.Logits;
        planned.Should().BeGreaterThan(200_000_000, "less would drown in what a process does besides");

        Kept();   // the first pass compiles and warms up
        // Tensors alone would be 0.95 to 1.05 of the plan; malloc leaves gaps between them.
        ((double)Kept() / planned).Should().BeInRange(0.85, 1.5);

        long Kept()
        {
            ResidentMemory.Release();
            var before = ResidentMemory.Now;
            using var scores = policy.Score(batch);
            return ResidentMemory.Now - before;
        }
    }

    private static IEnumerable<string> Names()
    {
        string[] layer = ["input_layernorm.weight", "post_attention_layernorm.weight", "self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight",
            "self_attn.o_proj.weight", "mlp.gate_proj.weight", "mlp.up_proj.weight", "mlp.down_proj.weight"];
        string[] block = ["norm1.weight", "norm2.weight", "attn.qkv.weight", "attn.proj.weight", "mlp.gate_proj.weight", "mlp.up_proj.weight", "mlp.down_proj.weight"];
        return ["visual.patch_embed.proj.weight", .. block.Select(b => $"visual.blocks.0.{b}"), "visual.merger.ln_q.weight", "visual.merger.mlp.0.weight", "visual.merger.mlp.2.weight",
            "model.embed_tokens.weight", .. layer.SelectMany(l => new[] { $"model.layers.0.{l}", $"model.layers.1.{l}" }), "model.norm.weight", "lm_head.weight"];
    }
}
