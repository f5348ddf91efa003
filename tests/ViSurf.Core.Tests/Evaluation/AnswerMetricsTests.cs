using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Rewards;
using Xunit;
using static ViSurf.Core.Tests.Evaluation.Evaluated;

namespace ViSurf.Core.Tests.Evaluation;

public sealed class AnswerMetricsTests
{
    private static readonly IRewardFunction Exact = new ExactAnswerReward();

    [Fact]
    public void Mean_best_and_majority_of_four_answers()
    {
        EvaluatedExample[] rows =
        [
            Row("a", new TextTarget("red"), "red", "blue", "Red", "green"), // 2 of 4; most say red
            Row("b", new TextTarget("red"), "blue", "red", "blue", "green"), // 1 of 4; most say blue
            Row("c", new TextTarget("red"), "blue", "blue", "green", "grey"), // none
            Row("d", Boxes(), "red", "red", "red", "red"), // not answered in words
        ];
        var (mean, best, majority) = (AnswerMetrics.MeanAt(Exact, 4), AnswerMetrics.BestAt(Exact, 4), AnswerMetrics.MajorityAt(Exact, 4));
        new[] { mean.Name, best.Name, majority.Name }.Should().Equal("exact_answer/mean@4", "exact_answer/best@4", "exact_answer/maj@4");
        mean.Value(rows).Should().BeApproximately((0.5 + 0.25 + 0) / 3, 1e-12);
        AnswerMetrics.Mean(Exact).Value(rows).Should().Be(mean.Value(rows));
        best.Value(rows).Should().BeApproximately(2.0 / 3, 1e-12);
        majority.Value(rows).Should().BeApproximately(1.0 / 3, 1e-12);
        majority.Applies(rows).Should().Be(3);
    }

    [Fact]
    public void The_first_answers_count_where_there_are_more_than_asked_for()
    {
        var row = Row(new TextTarget("red"), "blue", "red", "red");
        (AnswerMetrics.MeanAt(Exact, 2).Value(row), AnswerMetrics.BestAt(Exact, 1).Value(row), AnswerMetrics.MajorityAt(Exact, 1).Value(row), AnswerMetrics.MajorityAt(Exact, 3).Value(row))
            .Should().Be((0.5, 0, 0, 1));
    }

    [Fact]
    public void Fewer_answers_than_asked_for_are_an_error_that_names_the_example()
        => FluentActions.Invoking(() => AnswerMetrics.BestAt(Exact, 8).Value(Row("short", new TextTarget("red"), "red", "red")))
            .Should().Throw<InvalidOperationException>().WithMessage("*best@8*short*Expected 8 answers*got 2*");

    [Theory]
    [InlineData("b a a b", "b")] // a tie: b was said first
    [InlineData("a b b", "b")]
    [InlineData("c b a", "c")]
    [InlineData("1000 1,000.0 7 7", "1000")] // numbers by value; a tie
    [InlineData("5% 5 5.0", "5")]
    [InlineData("(none) x", "(none)")]
    public void The_most_frequent_answer_wins_and_the_first_of_equals(string answers, string winner)
        => MajorityVote.Winner([.. answers.Split(' ').Select(text => Completion.OfText($"<think>z</think><answer> {text} </answer>"))])
            .Text.Should().Be($"<think>z</think><answer> {winner} </answer>");

    [Fact]
    public void Answers_are_one_without_case_and_blanks_and_an_empty_one_does_not_vote()
    {
        Completion[] completions = [.. new[] { "", "<answer></answer>", "Dark  Red", "<answer>dark red</answer>", "blue" }.Select(text => Completion.OfText(text))];
        MajorityVote.Winner(completions).Should().BeSameAs(completions[2]);
        MajorityVote.Winner([.. completions.Take(2)]).Should().BeSameAs(completions[0], "nobody votes");
        MajorityVote.Winner(completions, completion => completion.Text).Should().BeSameAs(completions[0], "with a key of one's own all differ");
    }

    [Fact]
    public void Relaxed_and_anls_are_the_rewards_of_those_names()
    {
        // ChartQA: 104 is within 5 % of 100, 106 is not. ANLS: "hallo" is one edit of five from "hello".
        AnswerMetrics.Mean(TextRewards.Relaxed()).Value(Row("a", new TextTarget("100"), "104"), Row("b", new TextTarget("100"), "106")).Should().Be(0.5);
        AnswerMetrics.Mean(TextRewards.Anls()).Value(Row(new AnswersTarget(["hello", "bye"]), "hallo")).Should().BeApproximately(1 - 1.0 / 5, 1e-12);
    }
}
