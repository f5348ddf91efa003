using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Policies;

public sealed class ModulePolicyTests
{
    [Fact]
    public void Column_t_is_the_probability_of_completion_token_t_given_all_before_it()
    {
        using var scope = NewDisposeScope();
        using var module = new TinyModule(1);
        using var prompts = TinyText.Prompts("ab", "longer");
        using var batch = Collator.Sequences(prompts, [(1, Ids("xyz")), (0, Ids("q"))]);

        using var scores = new ModulePolicy(module).Score(batch);

        // One sequence at a time, without padding: softmax at the position before each token.
        var expected = new double[2, 3];
        foreach (var (row, prompt, completion) in new[] { (0, "longer", "xyz"), (1, "ab", "q") })
        {
            var ids = tensor(Ids(prompt + completion).Select(id => (long)id).ToArray()).unsqueeze(0);
            var distribution = module.call(ids, ones_like(ids, ScalarType.Bool)).log_softmax(-1);
            for (var t = 0; t < completion.Length; t++) expected[row, t] = distribution[0, prompt.Length + t - 1, completion[t]].item<float>();
        }
        scores.LogProbs.dtype.Should().Be(ScalarType.Float32);
        var actual = scores.LogProbs.Values();
        for (var i = 0; i < 6; i++) actual[i].Should().BeApproximately(expected[i / 3, i % 3], 1e-5);
        actual[4].Should().Be(0, "padding is exactly 0");
    }

    [Fact]
    public void Neither_the_other_rows_nor_their_padding_change_a_row()
    {
        using var policy = new Disposing(TinyText.Policy(2));
        using var alone = TinyText.Prompts("ab");
        using var together = TinyText.Prompts("a much longer prompt", "ab");
        using var single = Collator.Sequences(alone, [(0, Ids("xyz"))]);
        using var many = Collator.Sequences(together, [(0, Ids("something long")), (1, Ids("xyz")), (1, Ids("x"))]);

        using var one = policy.Policy.Score(single);
        using var three = policy.Policy.Score(many);

        using var row = three.LogProbs[1];
        var (a, b) = (one.LogProbs.Values(), row.Values());
        for (var t = 0; t < 3; t++) b[t].Should().BeApproximately(a[t], 1e-5);
        b[3..].Should().OnlyContain(x => x == 0);
    }

    [Fact]
    public void Decoding_gives_the_distributions_that_scoring_reads()
    {
        using var scope = NewDisposeScope();
        using var policy = new Disposing(TinyText.Policy(3));
        using var prompts = TinyText.Prompts("short", "a longer one");
        using var session = policy.Policy.Decode(prompts, 2, 4);
        using var batch = Collator.Sequences(prompts, [(0, Ids("pq")), (0, Ids("rs")), (1, Ids("tu")), (1, Ids("vw"))], temperature: 0.7);
        using var scores = policy.Policy.Score(batch);
        var expected = scores.LogProbs;

        var first = session.Next(null);
        first.shape.Should().Equal(4, TinyText.Vocabulary);
        Check(first, [0, 1, 2, 3], 0);
        var second = session.Next(batch.CompletionIds.select(1, 0));
        Check(second, [0, 1, 2, 3], 1);

        // Rows 1 and 2 finish; the others go on with the same context.
        session.Keep([0, 3]);
        var third = session.Next(batch.CompletionIds.to(TestDevice.Value).select(1, 1).index_select(0, tensor(new long[] { 0, 3 })));
        third.shape.Should().Equal(2, TinyText.Vocabulary);
        third.requires_grad.Should().BeFalse();

        void Check(Tensor logits, int[] rows, int t)
        {
            var distribution = logits.Over(0.7).log_softmax(-1);
            foreach (var row in rows)
                distribution[row, batch.CompletionIds[row, t].item<long>()].item<float>().Should().BeApproximately(expected[row, t].item<float>(), 1e-5f);
        }
    }

    [Fact]
    public void Entropy_comes_when_asked_for_and_both_have_gradients()
    {
        using var scope = NewDisposeScope();
        using var policy = new Disposing(TinyText.Policy(4));
        using var prompts = TinyText.Prompts("a");
        using var batch = Collator.Sequences(prompts, [(0, Ids("bc"))], withEntropy: true);
        using var scores = policy.Policy.Score(batch);
        scores.Entropy!.Values().Should().OnlyContain(h => h > 0 && h <= Math.Log(TinyText.Vocabulary));
        scores.LogProbs.sum().Plus(scores.Entropy!.sum()).backward();
        policy.Policy.Module.parameters().Should().OnlyContain(p => p.grad!.abs().sum().item<float>() > 0);
    }

    [Fact]
    public void A_frozen_policy_says_the_same_without_gradient()
    {
        using var policy = new Disposing(TinyText.Policy(5));
        using var prompts = TinyText.Prompts("a");
        using var batch = Collator.Sequences(prompts, [(0, Ids("bc"))]);
        using var scores = policy.Policy.Score(batch);
        using var frozen = new FrozenPolicy(policy.Policy).Score(batch);
        frozen.LogProbs.requires_grad.Should().BeFalse();
        scores.LogProbs.requires_grad.Should().BeTrue();
        frozen.LogProbs.Values().Should().Equal(scores.LogProbs.Values());
        policy.Policy.Module.parameters().Should().OnlyContain(p => p.requires_grad, "weights may be shared with the policy in training");
    }

    [Fact]
    public void A_module_of_any_signature_gets_prompts_pictures_and_positions()
    {
        using var scope = NewDisposeScope();
        using var module = nn.Linear(3, 5);
        var input = default((long[] Ids, long[] Positions, long[] PromptIndex, int Prompts)?);
        var policy = new ModulePolicy(module, given =>
        {
            input = (given.TokenIds.data<long>().ToArray(), given.Positions().data<long>().ToArray(), given.PromptIndex.data<long>().ToArray(), given.Prompts.Count);
            return zeros([given.TokenIds.shape[0], given.TokenIds.shape[1], 5]);
        });
        using var prompts = Collator.Prompts([
            new EncodedPrompt(TinyText.Example("1", "x"), [1, 2, 3], [], null),
            new EncodedPrompt(TinyText.Example("2", "y"), [4], [], null)]);
        using var batch = Collator.Sequences(prompts, [(1, [0]), (0, [4, 4])]);
        using var scores = policy.Score(batch);

        input!.Value.Ids.Should().Equal(0, 0, 4, 0, 0, 1, 2, 3, 4, 4);
        input.Value.Positions.Should().Equal(0, 0, 0, 1, 1, 0, 1, 2, 3, 4);
        input.Value.PromptIndex.Should().Equal(1, 0);
        input.Value.Prompts.Should().Be(2);
        scores.LogProbs.Values()[0].Should().BeApproximately(-Math.Log(5), 1e-6);
    }

    [Fact]
    public void Logits_of_another_shape_are_refused()
    {
        using var module = nn.Linear(3, 5);
        using var prompts = TinyText.Prompts("ab");
        using var batch = Collator.Sequences(prompts, [(0, Ids("c"))]);
        var score = () => new ModulePolicy(module, _ => zeros([1, 5])).Score(batch);
        score.Should().Throw<ArgumentException>().WithMessage("Expected logits to be any dtype [1, 3, *], got Float32 [1, 5].*");
    }

    [Fact]
    public void Scoring_and_decoding_leave_nothing_behind()
    {
        using var policy = new Disposing(TinyText.Policy(6));
        using var prompts = TinyText.Prompts("ab", "c");
        using var batch = Collator.Sequences(prompts, [(0, Ids("c")), (1, Ids("dd"))], withEntropy: true);
        Once();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 5; i++) Once();
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);

        void Once()
        {
            policy.Policy.Score(batch).Dispose();
            using var session = policy.Policy.Decode(prompts, 2, 3);
            session.Next(null).Dispose();
            session.Keep([1, 2]);
            using var tokens = zeros([2], ScalarType.Int64);
            session.Next(tokens).Dispose();
        }
    }

    private static int[] Ids(string text) => [.. text.Select(c => (int)c)];

    private sealed record Disposing(ModulePolicy Policy) : IDisposable
    {
        public void Dispose() => Policy.Module.Dispose();
    }
}
