using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl.Decoding;

/// <summary>Decoding in few launches against decoding the plain way: the same logits, but for rounding.</summary>
public sealed class FusedDecodingTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly IDisposable _noGrad = no_grad();

    public static TheoryData<string> All => Families.All;

    [Theory, MemberData(nameof(All))]
    public void Logits_agree_while_rows_leave_and_prompts_enter(string family)
    {
        using var folder = Families.Checkpoint(family);
        using var plain = Load(folder.Path, fused: false);
        using var fused = Load(folder.Path, fused: true);
        var pictures = plain.Config.Vision is null ? Array.Empty<(int, int)>() : [(2, 3)];
        var batches = new[] { 9, 4, 17 }.Select((n, i) => Collator.Prompts([new RandomPrompt(n, i == 1 ? [] : pictures, i).Encode(plain.Config)])).ToArray();
        // More tokens than a cache begins with has columns.
        Far(plain, fused, batches, copies: 2, steps: 36, limit: 36).Should().BeLessThan(Tolerance.Of(1e-5f));
    }

    [Theory]
    [InlineData("qwen2", ScalarType.Float32, long.MaxValue, 1e-5f)]
    [InlineData("qwen2", ScalarType.Float32, 0, 1e-5f)] // prompts shared instead of copied
    [InlineData("qwen3", ScalarType.Float32, 0, 1e-5f)]
    [InlineData("qwen3", ScalarType.BFloat16, long.MaxValue, 0.02f)] // 2⁻⁸ is a rounding, a handful of them in two layers
    [InlineData("qwen2", ScalarType.BFloat16, 0, 0.02f)]
    public void Both_caches_agree_when_the_ring_has_turned_several_times(string family, ScalarType type, long mostCopied, float onCpu)
    {
        var limit = Tolerance.Of(onCpu, type);
        using var plain = new SizedPolicy(family, 2, type, fused: false);
        using var fused = new SizedPolicy(family, 2, type, fused: true, mostCopied);
        var batches = new[] { 20, 5, 33, 20, 20, 7, 1 }.Select(n => SizedPolicy.Prompts(n)).ToArray();
        Far(plain, fused, batches, copies: 2, steps: 60).Should().BeLessThan(limit);
        // Two prompts of one length need no mask, two of different lengths do.
        Far(plain, fused, [SizedPolicy.Prompts(12, 12)], copies: 3, steps: 9).Should().BeLessThan(limit);
        Far(plain, fused, [SizedPolicy.Prompts(12, 3)], copies: 3, steps: 9).Should().BeLessThan(limit);
    }

    [Theory]
    [InlineData("qwen2", ScalarType.Float32, 1e-5f)]
    [InlineData("qwen3", ScalarType.Float32, 1e-5f)]
    [InlineData("qwen2", ScalarType.BFloat16, 0.03f)]
    public void An_adapter_acts_and_can_be_turned_off(string family, ScalarType type, float onCpu)
    {
        var limit = Tolerance.Of(onCpu, type);
        using var plain = new SizedPolicy(family, 2, type, fused: false);
        using var fused = new SizedPolicy(family, 2, type, fused: true);
        PromptBatch[] batches = [SizedPolicy.Prompts(6, 9)];
        // Of some layers only, with ranks of their own: the factors of three layers are joined.
        var config = new LoraConfig
        {
            TargetModules = ModuleSelection.Named("q_proj", "v_proj", "up_proj", "down_proj", "o_proj"), Rank = 3, Alpha = 5, RankPattern = [new LayerOverride("v_proj", 2)],
        };
        using var without = new SizedPolicy(family, 2, type, fused: false);
        using var a = Adapted(plain, config);
        using var b = Adapted(fused, config);
        Far(plain, fused, batches, copies: 2, steps: 12).Should().BeLessThan(limit);
        Far(without, fused, batches, copies: 2, steps: 12).Should().BeGreaterThan(10 * limit);
        Far(without, b.Reference, batches, copies: 2, steps: 12).Should().BeLessThan(limit);
        a.Merge();
        b.Merge();
        Far(plain, fused, batches, copies: 2, steps: 12).Should().BeLessThan(limit);
    }

    [Fact]
    public void A_parameter_that_another_stands_in_for_is_computed_with_whatever_lies_beside_it()
    {
        using var plain = new SizedPolicy("qwen2", 2, ScalarType.Float32, fused: false);
        using var fused = new SizedPolicy("qwen2", 2, ScalarType.Float32, fused: true);
        PromptBatch[] batches = [SizedPolicy.Prompts(6)];
        foreach (var policy in new[] { plain, fused })
        {
            var key = policy.Module.named_modules().Single(m => m.name.EndsWith("layers.1.self_attn.k_proj", StringComparison.Ordinal)).module;
            ((IStandInLayer)key).Use("weight", new TorchSharp.Modules.Parameter(((Dense)key).weight.detach().clone()));
        }
        Far(plain, fused, batches, copies: 2, steps: 5).Should().BeLessThan(Tolerance.Of(1e-5f));
    }

    [Fact]
    public void Rollouts_draw_the_same_text()
    {
        using var plain = Load(Fixtures.PathOf("qwen2_5_vl"), fused: false);
        using var fused = Load(Fixtures.PathOf("qwen2_5_vl"), fused: true);
        using var prompts = Collator.Prompts([.. new[] { 5, 11, 8 }.Select(n => new RandomPrompt(n, [(2, 2)], n).Encode(plain.Config))]);
        foreach (var temperature in new[] { 0.0, 1.0 })
        {
            // Two prompts at a time at most: the third enters when others have left. Four tokens between two looks.
            var sampler = new AutoregressiveSampler(new SamplingOptions { Temperature = temperature, StopIds = [.. Enumerable.Range(0, 60)], SuppressedIds = [100] }, maxTokens: 140, stopCheck: 4);
            var request = new RolloutRequest(2, 20, Seed: 3);
            var (expected, got) = (sampler.Sample(plain, prompts, request), sampler.Sample(fused, prompts, request));
            got.Select(s => s.TokenIds).Should().BeEquivalentTo(expected.Select(s => s.TokenIds), o => o.WithStrictOrdering());
            for (var i = 0; i < got.Count; i++)
                got[i].LogProbs.Zip(expected[i].LogProbs).Should().OnlyContain(p => Math.Abs(p.First - p.Second) < 1e-4);
        }
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        using var policy = new SizedPolicy("qwen3", 2, ScalarType.BFloat16, fused: true);
        using var adapter = Adapted(policy, new LoraConfig { TargetModules = ModuleSelection.AllLinear, Rank = 2 });
        using var prompts = SizedPolicy.Prompts(6, 9);
        long Decode()
        {
            using (NewDisposeScope())
            {
                using var session = policy.Decode(prompts, 2, 12);
                Script(session, [prompts], 2, 10, 12).Should().HaveCount(10);
            }
            return DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        }

        _ = Decode();
        var first = Decode();
        Decode().Should().Be(first);
    }

    public void Dispose()
    {
        _noGrad.Dispose();
        _scope.Dispose();
    }

    private static QwenVlPolicy Load(string directory, bool fused)
        => QwenVlPolicy.FromDirectory(directory, new QwenVlOptions { Device = TestDevice.Value, Fused = fused });

    private static LoraAdapter Adapted(IPolicy policy, LoraConfig config)
    {
        var adapter = LoraAdapter.Attach(policy, config);
        using var random = new Generator(3, CPU);
        foreach (var (_, value) in adapter.Parameters) value.copy_(randn(value.shape, device: CPU, generator: random).Times(0.2));
        return adapter;
    }

    /// <summary>The largest difference of logits in parts of the largest logit.</summary>
    private static double Far(IPolicy first, IPolicy second, PromptBatch[] batches, int copies, int steps, int limit = 12)
    {
        using var one = first.Decode(batches[0], copies, limit);
        using var other = second.Decode(batches[0], copies, limit);
        var far = 0.0;
        foreach (var (a, b) in Script(one, batches, copies, steps, limit).Zip(Script(other, batches, copies, steps, limit)))
            far = Math.Max(far, ((a - b).abs().max() / a.abs().max()).cpu().item<float>());
        return far;
    }

    /// <summary>
    /// Logits step by step: given tokens, whatever the logits are; a row leaves every seventh step, prompts enter one after the other.
    /// </summary>
    private static IEnumerable<Tensor> Script(IDecodeSession session, PromptBatch[] batches, int copies, int steps, int limit)
    {
        var (entered, live) = (1, Enumerable.Repeat(0, batches[0].Count * copies).ToList());
        Tensor? tokens = null;
        var logits = new List<Tensor>();
        for (var step = 0; step < steps; step++)
        {
            logits.Add(session.Next(tokens));
            live = [.. live.Select(age => age + 1)];
            while (live.Count < logits[^1].shape[0]) live.Add(1);
            var keep = Enumerable.Range(0, live.Count).Where(row => live[row] < limit && (step % 7 != 6 || row != step % live.Count || live.Count == 1)).ToArray();
            if (keep.Length < live.Count) session.Keep(keep);
            live = [.. keep.Select(row => live[row])];
            if (entered < batches.Length && (step % 5 == 4 || live.Count == 0)) session.Admit(batches[entered++]);
            else if (live.Count == 0) break;
            tokens = live.Count == 0 ? null : tensor(live.Select((age, row) => (long)(37 * step + 11 * row) % 250).ToArray());
        }
        return logits;
    }
}
