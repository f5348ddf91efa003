using FluentAssertions;
using ViSurf.Core.Benchmarks.Launches;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl.Decoding;

/// <summary>
/// Kernels that a decoding token launches on CUDA, counted (in bfloat16, on the CPU), and that nothing makes the host wait: the table of
/// docs/benchmarks.md. Fewer are welcome, there and here.
/// </summary>
public sealed class DecodeLaunchTests
{
    private const int Copies = 4;
    private static readonly LoraConfig Adapter = new() { TargetModules = ModuleSelection.AllLinear, Rank = 4 };

    // Head norms (qwen3) cost 3 launches more, an adapter 8: two for each of qkv, o, gate-up and down.
    [CpuTheory("counted in libtorch's dispatcher, which a device of its own does not change")]
    [InlineData("qwen2", true, false, false, 16, 8)]
    [InlineData("qwen2", true, true, false, 16, 9)]
    [InlineData("qwen2", true, false, true, 24, 8)]
    [InlineData("qwen2", true, true, true, 24, 9)]
    [InlineData("qwen3", true, false, false, 19, 8)]
    [InlineData("qwen3", true, false, true, 27, 8)]
    [InlineData("qwen2", false, false, false, 53, 22)]
    [InlineData("qwen2", false, true, false, 55, 23)]
    [InlineData("qwen2", false, false, true, 95, 22)]
    [InlineData("qwen3", false, false, false, 71, 22)]
    public void Of_a_layer_and_around_the_layers(string family, bool fused, bool ragged, bool lora, int layer, int around)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (two, three) = (Next(2), Next(3));
        (three - two).Should().BeLessThanOrEqualTo(layer);
        (two - 2 * (three - two)).Should().BeLessThanOrEqualTo(around);

        int Next(int layers)
        {
            using var policy = new SizedPolicy(family, layers, ScalarType.BFloat16, fused);
            using var adapter = lora ? LoraAdapter.Attach(policy, Adapter) : null;
            using var prompts = ragged ? SizedPolicy.Prompts(20, 9) : SizedPolicy.Prompts(20, 20);
            using var session = policy.Decode(prompts, Copies, 64);
            var tokens = zeros([2 * Copies], ScalarType.Int64, CPU);
            _ = session.Next(null);
            _ = session.Next(tokens);
            return Counted(() => session.Next(tokens));
        }
    }

    [CpuTheory("counted in libtorch's dispatcher, which a device of its own does not change")]
    [InlineData(0, 30)]
    [InlineData(2, 43)]
    public void Of_the_sampler(int suppressed, int launches)
    {
        using var scope = NewDisposeScope();
        var selector = new TokenSelector(new SamplingOptions { SuppressedIds = [.. Enumerable.Range(0, suppressed)] });
        var (logits, uniforms, ids) = (randn([4, 272], device: CPU), rand([4], ScalarType.Float64, CPU), selector.Suppressed(CPU));
        Counted(() => selector.Select(logits, uniforms, null, ids)).Should().BeLessThanOrEqualTo(launches);
    }

    [CpuFact("counted in libtorch's dispatcher, which a device of its own does not change")]
    public void A_block_of_tokens_costs_its_tokens_and_five_for_what_goes_over()
    {
        using var policy = new SizedPolicy("qwen2", 2, ScalarType.BFloat16, fused: true);
        using var prompts = SizedPolicy.Prompts(20);
        int Of(int tokens) => Counted(() => new AutoregressiveSampler(stopCheck: 4).Sample(policy, prompts, new RolloutRequest(Copies, tokens, Seed: 1)));
        // Two blocks more, of four tokens each.
        (Of(25) - Of(17)).Should().BeLessThanOrEqualTo(8 * (2 * 16 + 8 + 30) + 2 * 5);
    }

    private static int Counted(Action act)
    {
        using var counter = new OperatorCounter();
        act();
        counter.Waits.Should().Be(0);
        return counter.Total;
    }
}
