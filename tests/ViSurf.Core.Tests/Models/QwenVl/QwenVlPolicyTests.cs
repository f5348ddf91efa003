using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.Weights;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>Properties of the policy on the smallest golden checkpoint (its numbers are held by the parity tests).</summary>
[Collection(Alone.Name)]
public sealed class QwenVlPolicyTests : IDisposable
{
    private const string Model = "qwen2_5_vl_tied";
    private readonly DisposeScope _scope = NewDisposeScope();

    [Theory]
    [InlineData("qwen2_vl")]
    [InlineData("qwen2_5_vl_tied")]
    [InlineData("qwen3_vl")]
    public void Scores_without_gradient_are_those_with_gradient_bit_for_bit(string model)
    {
        // Else the ratio of a policy to itself, and its KL, would not be 1 and 0. Few rows, so that nothing made for decoding may creep in.
        using var policy = QwenVlPolicy.FromDirectory(Fixtures.PathOf(model), new QwenVlOptions { Device = TestDevice.Value });
        using var golden = new GoldenCase(model, 0);
        using var batch = Collator.Sequences(golden.Prompts, [(0, golden.AnswerIds), (0, golden.AnswerIds[..3])], 1, withEntropy: true);
        using var with = policy.Score(batch);
        using var noGrad = no_grad();
        using var without = policy.Score(batch);
        with.LogProbs.requires_grad.Should().BeTrue();
        without.LogProbs.equal(with.LogProbs).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void Prompts_of_different_lengths_in_one_batch_score_as_they_do_alone()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        using var noGrad = no_grad();
        using var a = new GoldenCase(Model, 0);
        using var b = new GoldenCase(Model, 1);
        using var prompts = Collator.Prompts([a.Prompt, b.Prompt]);
        // Rows out of order, one prompt twice, completions of different lengths.
        using var batch = Collator.Sequences(prompts, [(1, b.AnswerIds), (0, a.AnswerIds), (1, b.AnswerIds[..3])]);
        using var together = policy.Score(batch);
        using var aloneA = policy.Score(a.Sequence);
        using var aloneB = policy.Score(b.Sequence);
        Difference(together.LogProbs[1].narrow(0, 0, a.AnswerIds.Length), aloneA.LogProbs[0]).Should().BeLessThan(1e-4);
        Difference(together.LogProbs[0].narrow(0, 0, b.AnswerIds.Length), aloneB.LogProbs[0]).Should().BeLessThan(1e-4);
        Difference(together.LogProbs[2].narrow(0, 0, 3), aloneB.LogProbs[0].narrow(0, 0, 3)).Should().BeLessThan(1e-4);
        together.LogProbs[2].narrow(0, 3, together.LogProbs.shape[1] - 3).abs().max().item<float>().Should().Be(0, "padding scores exactly 0");
    }

    [Fact]
    public void A_completion_of_one_token_is_scored_from_the_prompt_alone()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        using var noGrad = no_grad();
        using var golden = new GoldenCase(Model, 0);
        using var batch = Collator.Sequences(golden.Prompts, [(0, golden.AnswerIds[..1])]);
        using var scores = policy.Score(batch);
        scores.LogProbs[0, 0].item<float>().Should().BeApproximately(policy.Score(golden.Sequence).LogProbs[0, 0].item<float>(), 1e-5f);
    }

    [Fact]
    public void Sampled_log_probabilities_agree_with_Score_at_the_sampling_temperature_to_1e_4()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        using var golden = new GoldenCase(Model, 0);
        var sampler = new AutoregressiveSampler(new SamplingOptions { Temperature = 0.7, StopIds = [1502] });
        var samples = sampler.Sample(policy, golden.Prompts, new RolloutRequest(4, 12, Seed: 3));
        using var noGrad = no_grad();
        using var batch = Collator.Sequences(golden.Prompts, samples.Select(s => (s.PromptIndex, s.TokenIds)).ToArray(), temperature: 0.7);
        using var scores = policy.Score(batch);
        for (var n = 0; n < samples.Count; n++)
            for (var t = 0; t < samples[n].TokenIds.Count; t++)
                scores.LogProbs[n, t].item<float>().Should().BeApproximately(samples[n].LogProbs[t], 1e-4f);
    }

    [Fact]
    public void The_same_seed_samples_the_same_tokens_whatever_else_is_in_the_batch()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        using var a = new GoldenCase(Model, 0);
        using var b = new GoldenCase(Model, 1);
        using var both = Collator.Prompts([b.Prompt, a.Prompt]);
        var sampler = new AutoregressiveSampler();
        var request = new RolloutRequest(3, 8, Seed: 11);
        var alone = sampler.Sample(policy, a.Prompts, request).Select(s => s.TokenIds);
        var together = sampler.Sample(policy, both, request).Where(s => s.PromptIndex == 1).Select(s => s.TokenIds);
        together.Should().BeEquivalentTo(alone, o => o.WithStrictOrdering());
    }

    [Fact]
    public void Bfloat16_agrees_with_float32_to_its_precision_and_scores_in_float32()
    {
        using var golden = new GoldenCase(Model, 0);
        using var wide = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        using var narrow = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value, ScalarType.BFloat16);
        using var noGrad = no_grad();
        narrow.Module.parameters().Should().OnlyContain(p => p.dtype == ScalarType.BFloat16);
        var scores = narrow.Score(golden.Sequence).LogProbs;
        scores.dtype.Should().Be(ScalarType.Float32);
        // Log-probabilities near −8 made of sums of rounded numbers: 2⁻⁸ relative is 0.03 a piece.
        Difference(scores, wide.Score(golden.Sequence).LogProbs).Should().BeLessThan(0.5);
        (scores - wide.Score(golden.Sequence).LogProbs).abs().mean().item<float>().Should().BeLessThan(0.1f);
    }

    [Fact]
    public void A_saved_checkpoint_loads_to_the_same_bits()
    {
        using var folder = new TemporaryDirectory();
        using var golden = new GoldenCase(Model, 0);
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        policy.Save(folder.Path);
        using var again = QwenVlPolicy.Load(folder.Path, TestDevice.Value);
        foreach (var (mine, theirs) in policy.Weights().Zip(again.Weights()))
        {
            theirs.Name.Should().Be(mine.Name);
            theirs.Value.eq(mine.Value).all().item<bool>().Should().BeTrue(mine.Name);
        }
    }

    [Fact]
    public void Newer_tensor_names_and_a_stored_tied_head_are_accepted()
    {
        using var folder = TemporaryDirectory.CopyOf(Model);
        using var policy = QwenVlPolicy.Load(folder.Path, TestDevice.Value);
        var renamed = policy.Weights().Select(w => (w.Name.StartsWith("visual.", StringComparison.Ordinal)
            ? "model." + w.Name : w.Name.Replace("model.", "model.language_model.", StringComparison.Ordinal), w.Value)).ToList();
        renamed.Add(("lm_head.weight", policy.Weights().First(w => w.Name == "model.embed_tokens.weight").Value));
        CheckpointWriter.Write(folder.Path, renamed);
        using var again = QwenVlPolicy.Load(folder.Path, TestDevice.Value);
        again.Weights().Zip(policy.Weights()).Should().OnlyContain(p => p.First.Value.eq(p.Second.Value).all().item<bool>());
    }

    [Fact]
    public void Missing_extra_and_mis_shaped_tensors_are_one_error_that_lists_them_all()
    {
        using var folder = TemporaryDirectory.CopyOf(Model);
        using var policy = QwenVlPolicy.Load(folder.Path, TestDevice.Value);
        var wrong = policy.Weights().Where(w => w.Name != "model.norm.weight")
            .Select(w => w.Name == "visual.merger.ln_q.weight" ? (w.Name, zeros(7)) : w).Append(("model.surprise", zeros(2, 3))).ToArray();
        CheckpointWriter.Write(folder.Path, wrong);
        var load = () => QwenVlPolicy.Load(folder.Path, TestDevice.Value).Dispose();
        load.Should().Throw<InvalidDataException>()
            .WithMessage("*(3 tensors)*extra 'model.surprise' Float32 [2, 3]*mis-shaped 'visual.merger.ln_q.weight' Float32 [7]: expected [48]*missing 'model.norm.weight' [64]*");
    }

    [Fact]
    public void Scoring_and_decoding_leave_no_tensor_behind()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        using var golden = new GoldenCase(Model, 0);
        void Work()
        {
            using var scope = NewDisposeScope();
            using var scores = policy.Score(golden.Sequence);
            scores.LogProbs.sum().backward();
            policy.Module.zero_grad();
            using var session = policy.Decode(golden.Prompts, 3, 4);
            session.Next(null);
            session.Keep([0, 2]);
            session.Next(tensor(new long[] { 1, 2 }));
        }
        Work();
        // What earlier tests left to the finaliser must not go while we count.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Tensor.TotalCount;
        for (var i = 0; i < 5; i++) Work();
        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Placeholders_that_do_not_fit_the_pictures_name_the_example()
    {
        using var policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
        using var golden = new GoldenCase(Model, 0);
        using var cut = new EncodedPrompt(golden.Prompt.Example, golden.PromptIds[..^30], golden.Prompt.Grids, golden.Prompt.Pixels!.clone());
        using var prompts = Collator.Prompts([cut]);
        var decode = () => policy.Decode(prompts, 1, 1).Dispose();
        decode.Should().Throw<InvalidDataException>().WithMessage("*case0*");
    }

    public void Dispose() => _scope.Dispose();

    private static double Difference(Tensor a, Tensor b) => (a - b).abs().max().item<float>();
}
