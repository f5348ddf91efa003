using FluentAssertions;
using ViSurf.Core.Common;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Rollouts;

public sealed class TokenSelectorTests
{
    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(0.0999, 0)]
    [InlineData(0.1001, 1)]
    [InlineData(0.2999, 1)]
    [InlineData(0.3001, 3)]
    [InlineData(0.9999999999999999, 3)]
    public void The_uniform_number_walks_through_the_vocabulary(double uniform, long expected)
    {   // Probabilities 0.1, 0.2, 0, 0.7: the third is never drawn.
        using var scope = NewDisposeScope();
        var logits = tensor(new[] { 0.1f, 0.2f, 0f, 0.7f }, [1, 4]).log();
        var (ids, logProbs) = new TokenSelector().Select(logits, tensor(new[] { uniform }));
        ids.item<long>().Should().Be(expected);
        logProbs.item<float>().Should().BeApproximately((float)Math.Log(new[] { 0.1, 0.2, 0, 0.7 }[expected]), 1e-6f);
    }

    [Theory]
    [InlineData(24)]
    [InlineData(101)]
    [InlineData(256)]
    public void Frequencies_are_the_probabilities(int vocabulary)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(11);
        const int draws = 20_000;
        var row = TestDevice.Randn([1, vocabulary], generator).Times(2);
        var selector = new TokenSelector(new SamplingOptions { Temperature = 1.3, TopP = 0.9 });
        var uniforms = tensor(Enumerable.Range(0, draws).Select(i => SeedStream.Uniform(7, 0, 1, 0, i)).ToArray());
        var (ids, _) = selector.Select(row.expand(draws, vocabulary), uniforms);

        var counts = new int[vocabulary];
        foreach (var id in ids.data<long>()) counts[id]++;
        var probabilities = selector.Probabilities(row).Values();
        // Pearson's statistic has mean k and variance 2k for k degrees of freedom; six deviations are far outside chance.
        var (statistic, cells) = (0.0, -1);
        for (var id = 0; id < vocabulary; id++)
        {
            if (probabilities[id] == 0) counts[id].Should().Be(0, "token {0} is cut by top-p", id);
            else (statistic, cells) = (statistic + Math.Pow(counts[id] - draws * probabilities[id], 2) / (draws * probabilities[id]), cells + 1);
        }
        statistic.Should().BeInRange(cells - 6 * Math.Sqrt(2 * cells), cells + 6 * Math.Sqrt(2 * cells));
    }

    [Fact]
    public void Suppressed_tokens_are_never_drawn_and_the_log_probability_ignores_that()
    {   // Four equal logits, two of them suppressed: each of the others is drawn half the time, and its log-probability is −ln 4.
        using var scope = NewDisposeScope();
        var selector = new TokenSelector(new SamplingOptions { SuppressedIds = [0, 3] });
        var uniforms = tensor(Enumerable.Range(0, 100).Select(i => i / 100.0).ToArray());
        var (ids, logProbs) = selector.Select(zeros([100, 4]), uniforms);
        ids.data<long>().ToArray().Should().Equal(Enumerable.Range(0, 100).Select(i => i < 50 ? 1L : 2L));
        logProbs.Values().Should().OnlyContain(l => Math.Abs(l + Math.Log(4)) < 1e-6);
    }

    [Fact]
    public void A_suppressed_token_that_holds_all_the_mass_hides_nothing()
    {   // e^200 against e^0 and e^1: exp would underflow if the largest logit were the suppressed one.
        using var scope = NewDisposeScope();
        var selector = new TokenSelector(new SamplingOptions { SuppressedIds = [0] });
        var (ids, logProbs) = selector.Select(tensor(new[] { 200f, 0f, 1f }, [1, 3]), tensor(new[] { 0.5 }));
        ids.item<long>().Should().Be(2);
        logProbs.item<float>().Should().BeApproximately(-199, 1e-4f);
    }

    public static TheoryData<SamplingOptions> Reporting() =>
    [
        new SamplingOptions(),
        new SamplingOptions { Temperature = 0.6 },
        new SamplingOptions { Temperature = 0 },
        new SamplingOptions { Temperature = 1.4, SuppressedIds = [1, 5, 5] },
        new SamplingOptions { Temperature = 0.8, TopK = 3, TopP = 0.9, MinP = 0.05, RepetitionPenalty = 1.2, SuppressedIds = [2] },
    ];

    [Theory]
    [MemberData(nameof(Reporting))]
    public void The_reported_log_probability_is_that_of_the_unfiltered_softmax_at_the_scoring_temperature(SamplingOptions options)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var logits = TestDevice.Randn([50, 12], generator).Times(3);
        var uniforms = TestDevice.Rand([50], generator, ScalarType.Float64);
        var seen = TestDevice.Rand([50, 12], generator).IsAbove(0.5);
        var (ids, logProbs) = new TokenSelector(options).Select(logits, uniforms, seen);
        var expected = logits.to(ScalarType.Float64).Over(options.ScoringTemperature).log_softmax(-1).gather(1, ids.unsqueeze(1)).squeeze(1).Values();
        var actual = logProbs.Values();
        for (var i = 0; i < 50; i++) actual[i].Should().BeApproximately(expected[i], 1e-5);
    }

    [Fact]
    public void Greedy_takes_the_most_likely_token_after_the_repetition_penalty()
    {   // 3 / 2 = 1.5 < 2, so the token already seen loses.
        using var scope = NewDisposeScope();
        var selector = new TokenSelector(new SamplingOptions { Temperature = 0, RepetitionPenalty = 2 });
        var logits = tensor(new[] { 3f, 2f, -1f }, [1, 3]);
        var seen = TokenSelector.Seen(tensor(new long[] { 0, 2 }, [1, 2]), tensor(new[] { true, false }, [1, 2]), 3);
        seen.data<bool>().ToArray().Should().Equal(true, false, false);
        var (ids, _) = selector.Select(logits, zeros([1], ScalarType.Float64), seen);
        ids.item<long>().Should().Be(1);
        selector.Probabilities(logits, seen).Values().Should().Equal(0, 1, 0);
    }

    [Fact]
    public void The_logits_are_left_as_they_were()
    {
        using var scope = NewDisposeScope();
        var logits = randn([3, 10]);
        var copy = logits.clone();
        new TokenSelector(new SamplingOptions { TopK = 2, TopP = 0.5, SuppressedIds = [1] }).Select(logits, zeros([3], ScalarType.Float64));
        new TokenSelector().Select(logits, zeros([3], ScalarType.Float64));
        logits.Values().Should().Equal(copy.Values());
    }

    [Fact]
    public void A_stop_token_cannot_be_suppressed()
        => FluentActions.Invoking(() => new TokenSelector(new SamplingOptions { StopIds = [1, 2], SuppressedIds = [2] }))
            .Should().Throw<ArgumentException>().WithMessage("*got 2 among StopIds and SuppressedIds*");

    [Fact]
    public void A_suppressed_id_outside_the_vocabulary_is_named()
    {
        using var scope = NewDisposeScope();
        FluentActions.Invoking(() => new TokenSelector(new SamplingOptions { SuppressedIds = [9] }).Select(zeros([1, 4]), zeros([1], ScalarType.Float64)))
            .Should().Throw<ArgumentException>().WithMessage("*vocabulary's 4, got 9*");
    }

    [Fact]
    public void A_repetition_penalty_asks_for_the_tokens_seen()
    {
        using var scope = NewDisposeScope();
        FluentActions.Invoking(() => new TokenSelector(new SamplingOptions { RepetitionPenalty = 1.1 }).Probabilities(zeros([1, 4])))
            .Should().Throw<ArgumentException>().WithMessage("*TokenSelector.Seen*");
    }

    [Theory]
    [InlineData(1e-300)]
    [InlineData(double.Epsilon)]
    [InlineData(-0.5)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_temperature_that_no_logit_survives_is_refused_where_it_is_set(double temperature)
    {
        FluentActions.Invoking(() => new SamplingOptions { Temperature = temperature }).Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage("*Temperature*");
        FluentActions.Invoking(() => new ViSurf.Core.Training.TrainerOptions { Temperature = temperature }).Should()
            .Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Suppressing_what_is_not_there_or_everything_is_said()
    {
        using var logits = zeros(1, 4);
        using var uniforms = zeros([1], ScalarType.Float64);
        FluentActions.Invoking(() => new SamplingOptions { SuppressedIds = [1, -1] }).Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage("*SuppressedIds*got -1*");
        FluentActions.Invoking(() => new SamplingOptions { StopIds = [-2] }).Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage("*StopIds*got -2*");
        FluentActions.Invoking(() => new TokenSelector(new SamplingOptions { SuppressedIds = [0, 4] }).Select(logits, uniforms))
            .Should().Throw<ArgumentException>().WithMessage("*SuppressedIds below the vocabulary's 4, got 4*");
        FluentActions.Invoking(() => new TokenSelector(new SamplingOptions { SuppressedIds = [0, 1, 2, 3, 3] }).Select(logits, uniforms))
            .Should().Throw<ArgumentException>().WithMessage("*leave a token that can be drawn, got all 4*");
    }

    [Fact]
    public void Options_outside_their_range_are_refused()
    {
        foreach (var make in new Func<SamplingOptions>[]
        {
            () => new() { Temperature = -0.1 }, () => new() { Temperature = double.NaN }, () => new() { TopP = 0 }, () => new() { TopP = 1.1 },
            () => new() { TopK = -1 }, () => new() { MinP = 1.5 }, () => new() { RepetitionPenalty = 0 },
        })
        {
            make.Should().Throw<ArgumentOutOfRangeException>();
        }
    }
}
