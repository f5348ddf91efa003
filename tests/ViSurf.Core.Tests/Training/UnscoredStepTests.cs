using FluentAssertions;
using ViSurf.Core.Advantages;
using ViSurf.Core.Data;
using ViSurf.Core.Policies;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Metrics;
using Xunit;

namespace ViSurf.Core.Tests.Training;

/// <summary>Steps in which nothing could judge some of the completions, and groups of one.</summary>
public sealed class UnscoredStepTests
{
    /// <summary>A judge that is down for texts of an even length, and otherwise likes small letters.</summary>
    private static readonly RewardSuite Judge = new(JudgeReward.From("judge", (_, completion, _) => completion.Text.Length % 2 == 0
        ? Task.FromException<double?>(new HttpRequestException("503"))
        : Task.FromResult<double?>(completion.Text.Count(char.IsAsciiLetterLower) / (double)completion.Text.Length),
        new JudgeOptions { Attempts = 1, OnFailure = JudgeFailure.NotApplicable }));

    [Fact]
    public void What_a_judge_did_not_answer_for_gains_nothing_and_counts_in_no_mean()
    {
        var policy = TinyText.Policy(3);
        using var optimizer = Toy.Optimizer(policy);
        var report = new Trainer(TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, Judge, optimizer), Toy.Options)
            .Step(Toy.Questions);
        var all = report.Groups.SelectMany(g => g.Scored.Scores.Zip(g.Advantages)).ToArray();
        var judged = all.Where(s => s.First.IsScored).ToArray();
        var unjudged = all.Where(s => !s.First.IsScored).ToArray();
        judged.Should().NotBeEmpty();
        unjudged.Should().NotBeEmpty().And.OnlyContain(s => s.Second == 0);
        judged.Should().Contain(s => s.Second > 0).And.Contain(s => s.Second < 0);
        report.Rewards.Unscored.Should().BeApproximately(unjudged.Length / (double)all.Length, 1e-12);
        report.Rewards.Mean.Should().BeApproximately(judged.Average(s => s.First.Total), 1e-12);
        StepMetrics.Of(report).Select(metric => metric.Value).Should().OnlyContain(value => double.IsFinite(value));
        report.Rewards.Statistics.Warnings.Should().Contain(warning => warning.StartsWith($"Nothing could judge {unjudged.Length} of "
            + $"{all.Length} rollouts"));
        report.ToString().Should().Contain("unjudged");
    }

    [Fact]
    public void A_group_of_one_is_refused_where_no_label_can_join()
        => Grpo(AdvantageEstimators.GroupNormalized()).Should().Throw<ArgumentException>()
            .WithMessage("Expected GroupSize >= 2 where no label joins the rollouts, got 1: *Draw two rollouts or more, "
                + "let the label join*ReinforcePlusPlus(baseline: false)*");

    [Fact]
    public void It_is_fine_with_a_label_or_an_estimator_that_compares_over_the_step()
    {
        Grpo(AdvantageEstimators.ReinforcePlusPlus(baseline: false)).Should().NotThrow();
        Grpo(groups => [.. groups.Select(g => g.Totals)]).Should().NotThrow();
        Grpo(groups => [.. groups.Select(g => g.Scores.Select(s => s.Find("mine")!.Value!.Value).ToArray())]).Should()
            .NotThrow("what it reads is its own affair");
        var policy = TinyText.Policy(3);
        using var optimizer = Toy.Optimizer(policy);
        var report = new Trainer(TrainerParts.ViSurf(TinyText.Encoder, policy, Toy.Sampler, Toy.SmallLetters, optimizer, LabelFormat.Bare),
            Toy.Options with { GroupSize = 1 })
            .Step(Toy.Questions);
        report.Groups.Where(g => g.Scored.Scores.Count == 1).Should().ContainSingle().Which.Advantages.Should().Equal(0);
        report.Groups.Where(g => g.Scored.Scores.Count == 2).Should()
            .HaveCount(3).And.OnlyContain(g => g.Advantages[1] >= 0 && g.Advantages[0] <= 0);
    }

    private static Func<Trainer> Grpo(AdvantageEstimator estimator) => () =>
    {
        var policy = TinyText.Policy(3);
        using var optimizer = Toy.Optimizer(policy);
        return new Trainer(TrainerParts.Grpo(TinyText.Encoder, policy, Toy.Sampler, Toy.Exact, optimizer) with { Estimator = estimator },
            Toy.Options with { GroupSize = 1 });
    };
}
