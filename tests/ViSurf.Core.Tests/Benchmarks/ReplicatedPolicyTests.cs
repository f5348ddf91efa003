using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Benchmarks;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Benchmarks;

/// <summary>The peer that benchmarks compare with does the same, only more often.</summary>
public sealed class ReplicatedPolicyTests : IDisposable
{
    private const string Model = "qwen2_5_vl";
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly QwenVlPolicy _policy = QwenVlPolicy.Load(Fixtures.PathOf(Model), TestDevice.Value);
    private readonly GoldenCase _a = new(Model, 0), _b = new(Model, 1);

    [Fact]
    public void Scores_and_gradients_are_those_of_the_policy_below()
    {
        using var prompts = Collator.Prompts([_a.Prompt, _b.Prompt]);
        // Rows out of order, of different lengths.
        using var batch = Collator.Sequences(prompts, [(1, _b.AnswerIds), (0, _a.AnswerIds), (1, _b.AnswerIds[..3]), (0, _a.AnswerIds[..1])], temperature: 0.7, withEntropy: true);
        var (shared, sharedGradients) = Scored(_policy, batch);
        var (replicated, gradients) = Scored(new ReplicatedPolicy(_policy), batch);
        Difference(replicated.LogProbs, shared.LogProbs).Should().BeLessThan(1e-5);
        Difference(replicated.Entropy!, shared.Entropy!).Should().BeLessThan(1e-5);
        gradients.Should().HaveSameCount(sharedGradients);
        // Relative to the largest gradient of all: of a parameter whose gradient is 0 only rounding is left.
        var largest = sharedGradients.Max(g => g.abs().max().item<float>());
        gradients.Zip(sharedGradients).Max(g => Difference(g.First, g.Second)).Should().BeLessThan(1e-5 * largest);
    }

    [Fact]
    public void Every_row_reaches_the_policy_below_with_a_prompt_of_its_own()
    {
        using var batch = Collator.Sequences(_a.Prompts, [(0, _a.AnswerIds), (0, _a.AnswerIds), (0, _a.AnswerIds[..2])]);
        var seen = new Witness(_policy);
        using var scores = new ReplicatedPolicy(seen).Score(batch);
        seen.Prompts.Should().Be(3);
        seen.Patches.Should().Be(3 * _a.Prompt.Pixels!.shape[0]);
        using var session = new ReplicatedPolicy(seen).Decode(_a.Prompts, 5, 4);
        seen.Prompts.Should().Be(5);
        seen.Copies.Should().Be(1);
    }

    [Fact]
    public void Decoding_gives_the_logits_of_the_policy_below_when_rows_leave_and_prompts_enter()
    {
        using var noGrad = no_grad();
        using var shared = _policy.Decode(_a.Prompts, 3, 8);
        using var replicated = new ReplicatedPolicy(_policy).Decode(_a.Prompts, 3, 8);
        void Same(Tensor? tokens) => Difference(replicated.Next(tokens), shared.Next(tokens)).Should().BeLessThan(1e-4);
        void Both(Action<IDecodeSession> what)
        {
            what(shared);
            what(replicated);
        }

        Same(null);
        Same(tensor(new long[] { 5, 6, 7 }));
        Both(session => session.Keep([0, 2]));
        Both(session => session.Admit(_b.Prompts));
        Same(tensor(new long[] { 8, 9 }));
        Same(tensor(new long[] { 10, 11, 12, 13, 14 }));
    }

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _policy.Dispose();
        _scope.Dispose();
    }

    private static double Difference(Tensor a, Tensor b) => (a - b).abs().max().item<float>();

    private (TokenScores Scores, Tensor[] Gradients) Scored(IPolicy policy, SequenceBatch batch)
    {
        var scores = policy.Score(batch);
        scores.LogProbs.sum().Plus(scores.Entropy!.sum()).backward();
        var gradients = _policy.Module.parameters().Where(p => p.grad is not null).Select(p => p.grad!.clone()).ToArray();
        foreach (var parameter in _policy.Module.parameters()) parameter.grad = null;
        return (scores, gradients);
    }

    /// <summary>Notes what it is asked.</summary>
    private sealed class Witness(IPolicy inner) : IPolicy
    {
        public nn.Module Module => inner.Module;

        public int Prompts { get; private set; }

        public long Patches { get; private set; }

        public int Copies { get; private set; }

        public TokenScores Score(SequenceBatch batch)
        {
            (Prompts, Patches) = (batch.Prompts.Prompts.Distinct().Count(), batch.Prompts.Pixels!.shape[0]);
            return inner.Score(batch);
        }

        public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens)
        {
            (Prompts, Copies) = (prompts.Prompts.Distinct().Count(), copies);
            return inner.Decode(prompts, copies, maxNewTokens);
        }
    }
}
