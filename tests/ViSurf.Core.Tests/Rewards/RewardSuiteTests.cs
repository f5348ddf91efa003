using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

public sealed class RewardSuiteTests
{
    private static readonly IRewardFunction Length = RewardFunction.From("length", (_, c) => c.Text.Length, 10);

    private static readonly IRewardFunction Never = RewardFunction.From("never", (_, _) => null);

    [Fact]
    public void The_total_is_the_sum_of_values_times_weights()
    {   // 3 · 0.5 + 3 · 2.
        var suite = new RewardSuite().With(Length, 0.5).With(RewardFunction.From("again", (_, c) => c.Text.Length), 2);
        var score = suite.Score(Group("abc")).Scores.Single();
        score.Total.Should().Be(7.5);
        score.Components.Should().Equal(new RewardComponent("length", 3, 0.5, 10), new RewardComponent("again", 3, 2, 1));
    }

    [Fact]
    public void A_reward_that_does_not_apply_is_reported_as_such_and_counts_nothing()
    {
        var score = new RewardSuite(Never, Length).Score(Group("abc")).Scores.Single();
        score.Find("never")!.Value.Should().BeNull();
        score.Total.Should().Be(3);
    }

    [Fact]
    public void Weight_zero_keeps_the_component_and_does_not_count_it()
    {
        var score = new RewardSuite().With(Length, 0).Score(Group("abc")).Scores.Single();
        (score.Find("length")!.Value, score.Total).Should().Be((3, 0));
    }

    [Fact]
    public void The_maximum_counts_positive_parts_only()
        // 10 · 0.5 + 1 · 2; a penalty can at best be 0.
        => new RewardSuite().With(Length, 0.5).With(Never, 2).With(RewardFunction.From("penalty", (_, _) => 0.0), -3).Maximum.Should().Be(7);

    [Fact]
    public void With_a_negative_weight_the_largest_total_is_at_the_minimum()
        // 1 · 2, and −3 · −0.5 where the maximum would give −3 · 0.
        => new RewardSuite().With(Never, 2).With(RewardFunction.From("below", (_, _) => 0.0, maximum: 0, minimum: -0.5), -3).Maximum.Should().Be(3.5);

    [Fact]
    public void With_and_parallelism_make_a_new_suite()
    {
        var suite = new RewardSuite(Length);
        suite.With(Never).Rewards.Should().HaveCount(2);
        suite.InParallel(4).Parallelism.Should().Be(4);
        suite.InParallel(4).With(Never).Parallelism.Should().Be(4);
        (suite.Rewards.Count, suite.Parallelism).Should().Be((1, 1));
        suite.Invoking(s => s.InParallel(0)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Names_are_unique_and_not_blank_and_weights_finite()
    {
        FluentActions.Invoking(() => new RewardSuite(Length, Length)).Should().Throw<ArgumentException>().WithMessage("*'length' twice*Rename one of them*");
        FluentActions.Invoking(() => new RewardSuite(Length).With(Never, double.NaN)).Should().Throw<ArgumentException>().WithMessage("*finite weight for reward 'never', got NaN*");
        FluentActions.Invoking(() => RewardFunction.From(" ", (_, _) => 1.0)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Scored_in_parallel_a_group_is_the_same_as_in_turn()
    {
        var suite = VisionReasonerRewards.Suite().With(Length, 0.1).With(Never);
        var group = Group([.. Enumerable.Range(0, 64).Select(i => $"<think>{new string('x', i % 7)}</think><answer>[{(i % 3 == 0 ? "" : "{}")}]</answer>")]);
        var serial = suite.Score(group);
        var parallel = suite.InParallel(8).Score(group);
        parallel.Scores.Select(s => s.Components).Should().BeEquivalentTo(serial.Scores.Select(s => s.Components), o => o.WithStrictOrdering());
        serial.Totals.Distinct().Should().HaveCountGreaterThan(5, "equal scores would prove little");
    }

    [Fact]
    public void Parallel_scoring_runs_at_once_as_many_completions_as_asked_for()
    {   // Each waits for the other: in turn, this would not end.
        using var both = new Barrier(2);
        var meet = RewardFunction.From("meet", (_, _) => both.SignalAndWait(TimeSpan.FromMinutes(5)) ? 1.0 : 0.0);
        new RewardSuite(meet).InParallel(2).Score(Group("a", "b")).Totals.Should().Equal(1, 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_reward_that_throws_is_named_with_example_and_first_failing_completion(int parallelism)
    {
        var strict = RewardFunction.From("strict", (_, c) => c.Text.StartsWith("bad", StringComparison.Ordinal) ? throw new FormatException("no number.") : 1.0);
        var suite = new RewardSuite(Length, strict).InParallel(parallelism);
        var error = suite.Invoking(s => s.Score(Group("fine", "bad 1", "bad 2", "fine"))).Should().Throw<InvalidOperationException>()
            .WithMessage("Reward 'strict' failed on example 'row 7', completion 1: no number. Fix the row*").Which;
        error.InnerException.Should().BeOfType<FormatException>();
    }

    [Fact]
    public void A_label_is_called_so_in_errors()
        => new RewardSuite(RewardFunction.From("strict", (_, c) => c.Source == CompletionSource.Demonstration ? throw new FormatException("bad.") : 1.0))
            .Invoking(s => s.Score(Group("a", "label")))
            .Should().Throw<InvalidOperationException>().WithMessage("Reward 'strict' failed on example 'row 7', its label: bad.*");

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void A_value_that_is_no_number_is_an_error_and_no_score(double value)
        => new RewardSuite(RewardFunction.From("odd", (_, _) => value)).Invoking(s => s.Score(Group("a")))
            .Should().Throw<InvalidOperationException>().WithMessage($"Expected a finite number from reward 'odd' on example 'row 7', completion 0, got {value}. Return null*");

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Cancelling_is_not_an_error_of_the_reward(int parallelism)
        => new RewardSuite(RewardFunction.From("slow", (_, _) => throw new OperationCanceledException())).InParallel(parallelism)
            .Invoking(s => s.Score(Group("a", "b", "c"))).Should().Throw<OperationCanceledException>();

    [Fact]
    public void A_reward_sees_the_example_and_the_completion_it_scores()
    {
        var seen = new List<(string, string)>();
        var group = Group("a", "b");
        var scored = new RewardSuite(RewardFunction.From("look", (e, c) =>
        {
            seen.Add((e.Id, c.Text));
            return 0.0;
        })).Score(group);
        seen.Should().Equal(("row 7", "a"), ("row 7", "b"));
        scored.Group.Should().BeSameAs(group);
    }

    /// <summary>A grounding example; a completion called "label" is one.</summary>
    private static RolloutGroup Group(params string[] texts) => new(
        VisionExample.Ask("row 7", "?", new GroundingTarget([])),
        [.. texts.Select(t => Completion.OfText(t, t == "label" ? CompletionSource.Demonstration : CompletionSource.Policy))]);
}
