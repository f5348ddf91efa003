using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>
/// The fused way of scoring and of its backward pass against the plain one, on the same device. Attention alone is as on the plain way
/// here: what takes its place on CUDA is not there on a CPU, see <see cref="Groups.LowerRightTests"/>.
/// </summary>
public sealed class FusedEqualsPlainTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    [Theory]
    [InlineData("qwen2_vl", false, false)]
    [InlineData("qwen2_5_vl", false, false)]
    [InlineData("qwen2_5_vl", true, false)]
    [InlineData("qwen2_5_vl", true, true)]
    [InlineData("qwen3_vl", false, true)]
    [InlineData("qwen3_vl", true, false)]
    [InlineData("qwen2", false, false)]
    [InlineData("qwen3", true, false)]
    public void Scores_and_every_gradient_agree_to_1e_5_in_float32(string family, bool lora, bool recompute)
    {
        var (plain, fused) = (Run(family, false, lora, recompute), Run(family, true, lora, recompute));
        fused.Left.Should().Be(0);
        fused.LogProbs.Zip(plain.LogProbs, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(Tolerance.Of(1e-5f));
        fused.Gradients.Keys.Should().BeEquivalentTo(plain.Gradients.Keys);
        // A key's bias has no gradient but rounding: attention does not see what all keys share.
        var largest = plain.Gradients.Values.Max(g => g.Max(Math.Abs));
        foreach (var (name, gradient) in plain.Gradients)
        {
            var limit = Tolerance.Of(1e-5f) * Math.Max(gradient.Max(Math.Abs), 1e-2f * largest);
            fused.Gradients[name].Zip(gradient, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(limit, name);
        }
    }

    [Theory]
    [InlineData("qwen2_5_vl", false)]
    [InlineData("qwen2_5_vl", true)]
    [InlineData("qwen3_vl", true)]
    public void In_bfloat16_the_fused_way_is_no_farther_from_float32_than_the_plain_one(string family, bool lora)
    {
        var exact = Run(family, false, lora, false);
        var plain = Run(family, false, lora, false, ScalarType.BFloat16);
        var fused = Run(family, true, lora, false, ScalarType.BFloat16);

        // Both round, elsewhere: their errors are alike, so a quarter more is let through.
        Distance(fused.LogProbs, exact.LogProbs).Should().BeLessThan(1.25 * Distance(plain.LogProbs, exact.LogProbs));
        float[] All(Dictionary<string, float[]> gradients) => [.. gradients.OrderBy(g => g.Key, StringComparer.Ordinal).SelectMany(g => g.Value)];
        var reference = All(exact.Gradients);
        Distance(All(fused.Gradients), reference).Should().BeLessThan(1.25 * Distance(All(plain.Gradients), reference))
            .And.BeLessThan(0.1 * Distance(reference, new float[reference.Length]), "a tenth of the gradient is what bfloat16 costs here");
    }

    [Fact]
    public void An_adapter_that_is_off_merged_dropped_out_or_only_on_some_layers_is_as_on_the_plain_way()
    {
        foreach (var config in new[]
        {
            new LoraConfig { TargetModules = ModuleSelection.Named("q_proj", "v_proj", "up_proj"), Rank = 2, Alpha = 3 },
            new LoraConfig
            {
                TargetModules = ModuleSelection.Named("k_proj", "v_proj", "gate_proj", "up_proj"), Rank = 2, Alpha = 3,
                AlphaPattern = [new LayerOverride("v_proj", 5)], RankPattern = [new LayerOverride("k_proj", 3)],
            },
        })
        {
            float[][] Ways(bool fused)
            {
                using var policy = Load("qwen2_5_vl", fused, ScalarType.Float32, false);
                using var adapter = Adapter(policy, config);
                using var golden = new GoldenCase("qwen2_5_vl", 0);
                using var noGrad = no_grad();
                var on = Scores(policy, golden);
                var off = Scores(adapter.Reference, golden);
                adapter.Merge();
                var merged = Scores(policy, golden);
                return [on, off, merged];
            }
            var (plain, fused) = (Ways(false), Ways(true));
            for (var i = 0; i < 3; i++) fused[i].Zip(plain[i], (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(Tolerance.Of(1e-5f));
            plain[0].Zip(plain[1], (a, b) => Math.Abs(a - b)).Max().Should().BeGreaterThan(1e-3f, "the adapter does something");
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_run_on_the_fused_way_has_the_losses_of_one_on_the_plain_way(bool lora, bool recompute)
    {
        float[] Losses(bool fused)
        {
            using var policy = Load("qwen2_5_vl", fused, ScalarType.Float32, recompute);
            using var adapter = lora ? Adapter(policy, new LoraConfig { TargetModules = ModuleSelection.AllLinear, Rank = 2 }) : null;
            if (!lora) Freezing.Freeze(policy.Module, ParameterFilter.Vision);
            using var optimizer = new AdamWOptimizer(policy.Module, new AdamWOptions { LearningRate = _ => 1e-3, Fused = fused });
            using var golden = new GoldenCase("qwen2_5_vl", 0);
            var losses = new float[5];
            for (var i = 0; i < losses.Length; i++)
            {
                using var step = NewDisposeScope();
                using var scores = policy.Score(golden.Sequence);
                var loss = scores.LogProbs.mean().neg();
                scores.Backward(loss);
                optimizer.Step(AdamWOptimizer.ClipScale(optimizer.GradientNorm().item<float>(), 1));
                optimizer.ZeroGradients();
                losses[i] = loss.item<float>();
            }
            return losses;
        }
        var (plain, fused) = (Losses(false), Losses(true));
        plain[^1].Should().BeLessThan(plain[0] - 0.1f, "it learns");
        // Rounding grows with every update: Adam's first steps are the rate times a gradient's sign, however small that is.
        fused.Zip(plain, (a, b) => Math.Abs(a - b)).Max().Should().BeLessThan(Tolerance.Of(1e-3f));
    }

    [Fact]
    public void Dropout_of_an_adapter_is_drawn_on_the_fused_way_too()
    {
        using var policy = Load("qwen2_5_vl", true, ScalarType.Float32, false);
        using var adapter = Adapter(policy, new LoraConfig { TargetModules = ModuleSelection.AllLinear, Rank = 2, Dropout = 0.5 });
        using var golden = new GoldenCase("qwen2_5_vl", 0);
        using var noGrad = no_grad();
        var calm = Scores(policy, golden);
        policy.Module.train();
        Scores(policy, golden).Should().NotEqual(calm);
    }

    public void Dispose() => _scope.Dispose();

    private static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum());

    private static float[] Scores(ViSurf.Core.Policies.IPolicy policy, GoldenCase golden)
    {
        using var scores = policy.Score(golden.Sequence);
        return [.. scores.LogProbs.data<float>()];
    }

    private static QwenVlPolicy Load(string family, bool fused, ScalarType type, bool recompute)
    {
        using var folder = Families.Checkpoint(family);
        return QwenVlPolicy.FromDirectory(
            folder.Path, new QwenVlOptions { Device = TestDevice.Value, Type = type, Fused = fused, RecomputeLayers = recompute });
    }

    private static LoraAdapter Adapter(QwenVlPolicy policy, LoraConfig config)
    {
        var adapter = LoraAdapter.Attach(policy, config);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var random = new Generator(3, CPU);
        foreach (var (_, value) in adapter.Parameters) value.copy_(TestDevice.Randn(value.shape, random).Times(0.1));
        return adapter;
    }

    private static (float[] LogProbs, Dictionary<string, float[]> Gradients, long Left) Run(
        string family, bool fused, bool lora, bool recompute, ScalarType type = ScalarType.Float32)
    {
        using var scope = NewDisposeScope();
        using var policy = Load(family, fused, type, recompute);
        using var adapter = lora ? Adapter(policy, new LoraConfig { TargetModules = ModuleSelection.AllLinear, Rank = 2, Alpha = 3 }) : null;
        var source = Families.GoldenOf(family);
        using var golden = new GoldenCase(source, source == family ? 0 : Families.TextCase(source));
        var live = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        using var inner = NewDisposeScope();
        // Two completions, one longer than the other: one is padded.
        using var batch = Collator.Sequences(golden.Prompts, [(0, golden.AnswerIds), (0, golden.AnswerIds[..3])], 1, withEntropy: true);
        using var scores = policy.Score(batch);
        scores.Backward(scores.LogProbs.sum().Plus(scores.Entropy!.sum()));
        var gradients = policy.Module.named_parameters().Where(p => p.parameter.grad is not null)
            .ToDictionary(p => p.name, p => p.parameter.grad!.to_type(ScalarType.Float32).data<float>().ToArray());
        float[] logProbs = [.. scores.LogProbs.data<float>()];
        policy.Module.zero_grad(set_to_none: true);
        scores.Dispose();
        batch.Dispose();
        inner.Dispose();
        return (logProbs, gradients, DisposeScopeManager.Statistics.ThreadTotalLiveCount - live);
    }
}
