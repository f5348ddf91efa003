using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Encoding;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Rollouts;

public sealed class AutoregressiveSamplerTests : IDisposable
{
    private static readonly string[] Questions = ["what is it?", "a", "count the boxes in the picture", "hm", "where?"];

    /// <summary>Every sixteenth token or so ends a completion, so that rows finish at different times.</summary>
    private static readonly SamplingOptions Options = new() { StopIds = [TinyText.Stop, 40, 50, 60, 70, 80, 90, 100], SuppressedIds = TinyText.Unprintable };

    private readonly ModulePolicy _policy = TinyText.Policy(21);

    public void Dispose() => _policy.Module.Dispose();

    [Fact]
    public void Results_are_prompt_major_and_end_with_a_stop_or_at_the_limit()
    {
        using var prompts = TinyText.Prompts(Questions);
        var samples = new AutoregressiveSampler(Options).Sample(_policy, prompts, new RolloutRequest(3, 12, Seed: 1));

        samples.Select(s => s.PromptIndex).Should().Equal(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4);
        samples.Select(s => s.FinishReason).Should().Contain(FinishReason.Stop).And.Contain(FinishReason.Length);
        foreach (var sample in samples)
        {
            sample.TokenIds.Should().HaveCountLessThanOrEqualTo(12);
            sample.LogProbs.Should().HaveSameCount(sample.TokenIds).And.OnlyContain(l => l <= 0);
            sample.TokenIds.SkipLast(1).Should().NotIntersectWith(Options.StopIds);
            sample.TokenIds.Should().NotIntersectWith(Options.SuppressedIds);
            if (sample.FinishReason == FinishReason.Stop) Options.StopIds.Should().Contain(sample.TokenIds[^1]);
            else sample.TokenIds.Should().HaveCount(12);
        }
        samples.Take(3).Select(s => string.Join(',', s.TokenIds)).Should().OnlyHaveUniqueItems("copies have numbers of their own");
    }

    [Theory]
    [InlineData(long.MaxValue, 1)]
    [InlineData(1, 1)]
    [InlineData(80, 1)]
    [InlineData(long.MaxValue, 4)]
    [InlineData(80, 100)]
    public void The_same_seed_gives_the_same_tokens_whatever_the_batch_its_order_its_budget_and_the_stop_check(long maxTokens, int stopCheck)
    {
        var request = new RolloutRequest(3, 10, Seed: 5, Step: 2);
        using var all = TinyText.Prompts(Questions);
        var expected = Texts(all, new AutoregressiveSampler(Options).Sample(_policy, all, request));

        foreach (var questions in new[] { Questions, [.. Questions.Reverse()], [Questions[2]], [Questions[4], Questions[0]] })
        {
            using var prompts = TinyText.Prompts(questions);
            var actual = Texts(prompts, new AutoregressiveSampler(Options, maxTokens, stopCheck).Sample(_policy, prompts, request));
            foreach (var (question, tokens) in actual) tokens.Should().BeEquivalentTo(expected[question], o => o.WithStrictOrdering(), question);
        }
    }

    [Fact]
    public void Seed_step_and_occurrence_change_the_tokens()
    {
        using var prompts = TinyText.Prompts("same", "same");
        var sampler = new AutoregressiveSampler(Options);
        var request = new RolloutRequest(2, 8, Seed: 5);
        var first = Lines(request);
        first.Should().OnlyHaveUniqueItems("the second occurrence of an id is another prompt");
        Lines(request).Should().Equal(first);
        Lines(request with { Seed = 6 }).Should().NotIntersectWith(first);
        Lines(request with { Step = 1 }).Should().NotIntersectWith(first);
        Lines(request with { Occurrences = [1, 0] }).Should().Equal([.. first[2..], .. first[..2]]);
        Lines(request with { Occurrences = [2, 3] }).Should().NotIntersectWith(first);

        string[] Lines(RolloutRequest r) => [.. sampler.Sample(_policy, prompts, r).Select(s => string.Join(',', s.TokenIds))];
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.6)]
    [InlineData(0.0)]
    public void Reported_log_probabilities_are_those_of_scoring_at_the_same_temperature(double temperature)
    {
        var options = Options with { Temperature = temperature };
        using var prompts = TinyText.Prompts(Questions);
        var samples = new AutoregressiveSampler(options).Sample(_policy, prompts, new RolloutRequest(2, 10, Seed: 3));
        using var batch = Collator.Sequences(prompts, [.. samples.Select(s => (s.PromptIndex, s.TokenIds))], options.ScoringTemperature);
        using var scores = new FrozenPolicy(_policy).Score(batch);

        var (scored, width) = (scores.LogProbs.Values(), (int)scores.LogProbs.shape[1]);
        for (var row = 0; row < samples.Count; row++)
            for (var t = 0; t < samples[row].LogProbs.Count; t++)
                ((double)samples[row].LogProbs[t]).Should().BeApproximately(scored[row * width + t], 1e-4);
    }

    [Fact]
    public void The_repetition_penalty_sees_prompt_and_completion()
    {   // A penalty without bound turns greedy decoding into a walk over new tokens only, and away from the prompt's.
        using var prompts = TinyText.Prompts("abc", "what?");
        var sampler = new AutoregressiveSampler(new SamplingOptions { Temperature = 0, RepetitionPenalty = 1e6 });
        var samples = sampler.Sample(new ModulePolicy(_policy.Module, Positive), prompts, new RolloutRequest(2, 20, Seed: 0));
        foreach (var sample in samples)
        {
            sample.TokenIds.Should().OnlyHaveUniqueItems();
            sample.TokenIds.Should().NotIntersectWith(prompts.Prompts[sample.PromptIndex].TokenIds);
        }

        // Positive logits, which the penalty divides to nothing.
        Tensor Positive(SequenceInput input) => ((TinyModule)_policy.Module).call(input.TokenIds, input.Mask).exp();
    }

    [Fact]
    public void Finished_rows_leave_the_session()
    {
        using var prompts = TinyText.Prompts(Questions);
        var counting = new CountingPolicy(_policy);
        var samples = new AutoregressiveSampler(Options).Sample(counting, prompts, new RolloutRequest(4, 16, Seed: 9));
        counting.Rows.Sum().Should().Be(samples.Sum(s => s.TokenIds.Count), "each live row costs one row of one step, and no more");
        counting.Rows[0].Should().Be(20);
    }

    [Fact]
    public void Cancellation_is_noticed_at_every_token()
    {
        using var cancellation = new CancellationTokenSource();
        using var prompts = TinyText.Prompts("a");
        var calls = 0;
        var policy = new ModulePolicy(_policy.Module, input =>
        {
            if (++calls == 3) cancellation.Cancel();
            return ((TinyModule)_policy.Module).call(input.TokenIds, input.Mask);
        });
        var sample = () => new AutoregressiveSampler().Sample(policy, prompts, new RolloutRequest(1, 100, 0, Cancellation: cancellation.Token));
        sample.Should().Throw<OperationCanceledException>();
        calls.Should().Be(3);
    }

    [Fact]
    public void Logits_without_a_distribution_name_the_example_and_the_position()
    {
        using var prompts = TinyText.Prompts("a", "the broken one");
        var policy = new ModulePolicy(_policy.Module, input =>
        {
            var logits = ((TinyModule)_policy.Module).call(input.TokenIds, input.Mask);
            return input.TokenIds.shape[1] == "the broken one".Length + 2
                ? where(input.PromptIndex.view(-1, 1, 1) == Scalars.Of(1), tensor(float.NaN), logits)
                : logits;
        });
        var sample = () => new AutoregressiveSampler().Sample(policy, prompts, new RolloutRequest(1, 4, 0));
        sample.Should().Throw<DivergedException>().WithMessage("*'the broken one' at position 2*NaN*");
    }

    [Fact]
    public void Sampling_leaves_no_tensors_and_does_not_grow_while_it_runs()
    {
        using var prompts = TinyText.Prompts(Questions);
        var live = new List<long>();
        var policy = new ModulePolicy(_policy.Module, input =>
        {
            live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            return ((TinyModule)_policy.Module).call(input.TokenIds, input.Mask);
        });
        foreach (var options in new[] { new SamplingOptions(), Options with { RepetitionPenalty = 1.1, TopK = 20, StopIds = [] } })
        {
            live.Clear();
            var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            new AutoregressiveSampler(options, maxTokens: 1).Sample(policy, prompts, new RolloutRequest(2, 24, Seed: 1));
            DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
            // From the second token on a decode batch holds the same tensors at every token.
            live.Skip(2).Take(22).Distinct().Should().HaveCount(1);
        }
    }

    [Fact]
    public void Nothing_asked_for_is_refused()
    {
        using var prompts = TinyText.Prompts("a");
        var sampler = new AutoregressiveSampler();
        sampler.Invoking(s => s.Sample(_policy, prompts, new RolloutRequest(0, 5, 0))).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*GroupSize > 0*");
        sampler.Invoking(s => s.Sample(_policy, prompts, new RolloutRequest(5, 0, 0))).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*MaxNewTokens > 0*");
        sampler.Invoking(s => s.Sample(_policy, prompts, new RolloutRequest(1, 5, 0) { Occurrences = [0, 1] })).Should().Throw<ArgumentException>().WithMessage("*each of 1 prompts*got 2*");
    }

    private static Dictionary<string, int[][]> Texts(PromptBatch prompts, IReadOnlyList<SampledTokens> samples)
        => samples.GroupBy(s => prompts.Prompts[s.PromptIndex].Example.Id).ToDictionary(g => g.Key, g => g.Select(s => s.TokenIds.ToArray()).ToArray());

    /// <summary>Notes how many rows each step has.</summary>
    private sealed class CountingPolicy(IPolicy inner) : IPolicy
    {
        public List<long> Rows { get; } = [];

        public nn.Module Module => inner.Module;

        public TokenScores Score(SequenceBatch batch) => inner.Score(batch);

        public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens) => new Session(inner.Decode(prompts, copies, maxNewTokens), Rows);

        private sealed class Session(IDecodeSession inner, List<long> rows) : IDecodeSession
        {
            public Tensor Next(Tensor? tokens)
            {
                var logits = inner.Next(tokens);
                rows.Add(logits.shape[0]);
                return logits;
            }

            public void Keep(ReadOnlySpan<int> kept) => inner.Keep(kept);

            public void Admit(PromptBatch prompts) => inner.Admit(prompts);

            public void Dispose() => inner.Dispose();
        }
    }
}
