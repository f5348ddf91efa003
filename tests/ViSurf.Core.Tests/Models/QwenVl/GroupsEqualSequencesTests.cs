using CsCheck;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.Adapters;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>Picture and prompt once per group compute what every sequence on its own computes, for random groups of every family.</summary>
public sealed class GroupsEqualSequencesTests
{
    private const double Temperature = 0.8;

    private static readonly Gen<RandomPrompt> Prompt = Gen.Select(
        Gen.Int[1, 40], Gen.Select(Gen.Int[1, 5], Gen.Int[1, 5]).Array[0, 3], Gen.Int[0, 1 << 30], (text, pictures, seed) => new RandomPrompt(text, pictures, seed));

    /// <summary>1 to 3 prompts, each with 1 to 9 completions of 1 to 40 tokens.</summary>
    private static readonly Gen<(RandomPrompt Prompt, int[] Completions)[]> Groups = Gen.Select(Prompt, Gen.Int[1, 40].Array[1, 9]).Array[1, 3];

    public static TheoryData<string, bool> Models() => new()
    {
        { "qwen2_vl", false }, { "qwen2_5_vl", false }, { "qwen2_5_vl_tied", false }, { "qwen3_vl", false }, { "qwen2_5_vl", true },
    };

    [Theory, MemberData(nameof(Models))]
    public void Log_probabilities_entropies_and_every_gradient_agree_to_1e_5(string model, bool lora)
    {
        using var policy = QwenVlPolicy.FromDirectory(Fixtures.PathOf(model), new QwenVlOptions { Device = TestDevice.Value });
        using var adapter = lora ? Adapter(policy) : null;
        var parameters = policy.Module.named_parameters().Where(p => p.parameter.requires_grad).ToArray();
        Groups.Sample(groups =>
        {
            using var scope = NewDisposeScope();
            var prompts = groups.Select(g => g.Prompt.Encode(policy.Config)).ToArray();
            using var all = Collator.Prompts(prompts);
            var random = new Random(groups[0].Prompt.Seed);
            // Rows in an order that mixes the groups.
            var rows = groups.SelectMany((g, q) => g.Completions.Select(length => (q, Ids: Enumerable.Range(0, length).Select(_ => random.Next(0, 1400)).ToArray())))
                .OrderBy(_ => random.Next()).ToArray();
            using var batch = Collator.Sequences(all, [.. rows.Select(r => (r.q, (IReadOnlyList<int>)r.Ids))], Temperature, withEntropy: true);
            var weight = randn(batch.CompletionIds.shape);

            policy.Module.zero_grad();
            using var scores = policy.Score(batch);
            (scores.LogProbs * weight).sum().Plus((scores.Entropy! * weight).Times(0.3).sum()).backward();
            var gradients = parameters.Select(p => p.parameter.grad?.clone()).ToArray();

            policy.Module.zero_grad();
            var alone = new AloneModel(policy);
            for (var n = 0; n < rows.Length; n++)
            {
                using var row = NewDisposeScope();
                var (q, ids) = rows[n];
                var (logProbs, entropies) = alone.Score(prompts[q], ids, Temperature);
                Near(scores.LogProbs[n].narrow(0, 0, ids.Length), logProbs, "log-probabilities");
                Near(scores.Entropy![n].narrow(0, 0, ids.Length), entropies, "entropies");
                scores.LogProbs[n].narrow(0, ids.Length, scores.LogProbs.shape[1] - ids.Length).count_nonzero().item<long>().Should().Be(0);
                var own = weight[n].narrow(0, 0, ids.Length);
                (logProbs * own).sum().Plus((entropies * own).Times(0.3).sum()).backward();
            }
            var largest = parameters.Max(p => p.parameter.grad?.norm().item<float>() ?? 0);
            foreach (var ((name, parameter), gradient) in parameters.Zip(gradients))
            {
                (gradient is null).Should().Be(parameter.grad is null, name);
                // Sums of thousands of float32 terms in another order: 1e-5 of the gradient, or of the largest where this one is all cancellation.
                if (gradient is not null)
                    (gradient - parameter.grad!).norm().item<float>().Should().BeLessThan(Tolerance.Of(1e-5f) * (parameter.grad!.norm().item<float>() + 0.1f * largest), name);
            }
        }, iter: 8, threads: 1);
        policy.Module.zero_grad();
    }

    private static void Near(Tensor actual, Tensor expected, string what)
        => (actual - expected).abs().max().item<float>().Should().BeLessThan(Tolerance.Of(1e-5f) * Math.Max(1, expected.abs().max().item<float>()), what);

    private static LoraAdapter Adapter(QwenVlPolicy policy)
    {
        var adapter = LoraAdapter.Attach(policy, new LoraConfig { TargetModules = ModuleSelection.AllLinear, Rank = 4, Alpha = 8 });
        using var noGrad = no_grad();
        // B starts at zero, where A has no gradient to compare.
        foreach (var (name, parameter) in policy.Module.named_parameters())
            if (parameter.requires_grad && name.Contains("lora_B", StringComparison.Ordinal)) parameter.copy_(randn(parameter.shape).Times(0.02));
        return adapter;
    }
}
