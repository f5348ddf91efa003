using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training;

/// <summary>Plans of the published sizes against counts made by hand, and what a trainer says of a plan that does not fit.</summary>
public sealed class MemoryWarningTests
{
    private static QwenVlConfig Tiny { get; } = QwenVlConfigReader.Read(Fixtures.PathOf("qwen2_5_vl"));

    private static QwenVlConfig Seven { get; } = Tiny with
    {
        Vision = null,
        Text = Tiny.Text with { HiddenSize = 3584, IntermediateSize = 18944, Layers = 28, Heads = 28, KeyValueHeads = 4, HeadSize = 128, VocabularySize = 152_064 },
    };

    [Theory]
    [InlineData(false, 6.05e6)]
    [InlineData(true, 0.401e6)]
    public void A_completion_token_of_7B_with_LoRA_keeps_6_05_MB_and_0_4_with_recomputation(bool recompute, double expected)
    {
        // A layer in bfloat16: two norms' streams 2 · 4 · 3584, inputs of q, k, v, of o and of gate, up 3 · 2 · 3584, queries and output 2
        // · 2 · 3584, softmax sums 4 · 28, gate, SiLU, up and the input of down 4 · 2 · 18,944: 216,176 bytes; recomputed only the stream,
        // 4 · 3584.
        var memory = Lora(recompute);
        var bytes = memory.Score(new PassSize(1, 1, 0, 1, 1001)).Completions - memory.Score(new PassSize(1, 1, 0, 1, 1)).Completions;
        // Joined keys and values are counted beside it: a token's own, 2 · 4 · 128 in bfloat16 and 28 layers. The final norm's stream is
        // there either way.
        var joined = recompute ? 0 : 2 * 4 * 128 * 2 * 28;
        (bytes / 1000.0 - joined - 4 * 3584).Should().BeApproximately(expected, expected * 0.005);
    }

    [Fact]
    public void The_default_micro_batch_of_7B_with_LoRA_plans_99_GB_of_activations()
        => (28 * 216_176.0 * new TrainerOptions().MicroBatchTokens).Should().BeApproximately(99.2e9, 0.1e9);

    [Fact]
    public void A_plan_on_CUDA_has_a_context_and_less_between_tensors()
    {
        ParameterSize[] parameters = [new("w", 1000, ScalarType.BFloat16, Trains: true)];
        var step = new StepSize { PromptTokens = 965 };
        var options = new TrainerOptions { PromptsPerStep = 1, MaxNewTokens = 256 };
        var (host, cuda) = (MemoryPlan.Of(Lora(false), parameters, step, options), MemoryPlan.Of(Lora(false), parameters, step, options, device: new Device(DeviceType.CUDA, 0)));
        long Part(MemoryPlan plan, string name) => plan.Parts.Single(p => p.Name == name).Bytes;
        Part(host, "CUDA: context and workspaces").Should().Be(0);
        Part(cuda, "CUDA: context and workspaces").Should().BeInRange(600_000_000, 1_000_000_000);
        (Part(host, "allocator, between tensors") / (double)Part(cuda, "allocator, between tensors")).Should().BeApproximately(MemoryPlan.MallocSlack / MemoryPlan.CudaSlack, 0.01);
    }

    [Fact]
    public void A_plan_that_does_not_fit_is_told_with_numbers_and_the_micro_batch_that_does()
    {
        ParameterSize[] parameters = [new("w", 1000, ScalarType.BFloat16, Trains: true)];
        var options = new TrainerOptions { PromptsPerStep = 16, GroupSize = 8, MaxNewTokens = 256 };
        MemoryPlan Plan(int tokens) => MemoryPlan.Of(Lora(false), parameters, new StepSize { PromptTokens = 965 }, options with { MicroBatchTokens = tokens }, device: new Device(DeviceType.CUDA, 0));
        var free = Plan(4096).Peak;
        MemoryCheck.Warning(Plan, options, 0, Plan(16_384).Peak, "cuda:0").Should().BeNull("it just fits");
        MemoryCheck.Warning(Plan, options, 0, free, "cuda:0").Should()
            .Contain($"{free / 1e9:0.0} GB are free on cuda:0").And.Contain("MicroBatchTokens = 4096 instead of 16384").And.Contain("| peak of the update");
        MemoryCheck.Warning(Plan, options, 0, 0, "cuda:0").Should().Contain("rollouts alone do not fit");
        MemoryCheck.Warning(Plan, options, 0, Plan(4096).RolloutPeak + 1, "cuda:0").Should().Contain("RecomputeLayers = true");
    }

    [Fact]
    public void Free_memory_of_this_machine_is_known_and_plausible()
    {
        FreeMemory.On(CPU).Should().BeInRange(1, 1L << 50);
        FreeMemory.On(META).Should().BeNull();
        FreeMemory.Number(["MemTotal:  8 kB", "MemAvailable:    123 kB"], "MemAvailable:").Should().Be(123);
        FreeMemory.Number(["max"], "MemAvailable:").Should().BeNull();
    }

    private static QwenVlMemory Lora(bool recompute) => new(Seven, ScalarType.BFloat16,
        [.. Enumerable.Range(0, 28).SelectMany(i => new[] { "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj" }
            .Select(name => $"model.layers.{i}.{name}.lora_A.weight"))])
    {
        RecomputeLayers = recompute,
        OnCuda = true,
    };
}
