using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Testing;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

public sealed class RewardStatisticsTests
{
    [Fact]
    public void Mean_spread_and_range_are_over_all_rollouts_and_labels_do_not_count()
    {   // 1, 2, 3 and 6: mean 3, squares 4 + 1 + 0 + 9 = 14, 14 / 3. The labels' lengths (22) are left out.
        var scored = Score(RewardFunction.From("length", (_, c) => c.Text.Length, 100), Some.Group(Some.Example("label"), "a", "bb"), Some.Group(Some.Example("label"), "ccc", "dddddd"));
        var one = RewardStatistics.Of(scored).Components.Single();
        (one.Name, one.Count, one.Mean, one.Minimum, one.Maximum, one.NotApplicable, one.IsConstant).Should().Be(("length", 4, 3, 1, 6, 0, false));
        one.Deviation.Should().BeApproximately(Math.Sqrt(14 / 3.0), 1e-12);
        RewardStatistics.Of(scored).Warnings.Should().BeEmpty();
    }

    [Fact]
    public void The_share_of_rollouts_that_a_reward_says_nothing_about_is_reported()
    {
        var one = RewardStatistics.Of(Score(new GroundingFormatReward(), Some.Group(Some.Grounding(), "<answer>[]</answer>"), Some.Group(Some.Example("a"), "x", "y", "z"))).Components.Single();
        (one.Count, one.NotApplicable, one.Mean, one.Deviation).Should().Be((1, 0.75, 2, 0));
    }

    [Theory]
    [InlineData(0.0, "Reward 'r' was 0 for all 2 rollouts it applied to: it taught nothing in this step. *")]
    [InlineData(0.25, "Reward 'r' was 0.25 for all 2 rollouts it applied to: it taught nothing in this step. *")]
    [InlineData(1.0, "Reward 'r' was 1 for all 2 rollouts it applied to, its maximum: nothing is left to learn from it.")]
    public void A_reward_that_says_the_same_of_all_is_warned_about(double value, string warning)
    {
        var statistics = RewardStatistics.Of(Score(RewardFunction.From("r", (_, _) => value), Some.Group(Some.Example("a"), "x"), Some.Group(Some.Example("b"), "y")));
        statistics.Warnings.Should().ContainSingle().Which.Should().Match(warning);
        statistics.Components.Single().IsConstant.Should().BeTrue();
    }

    [Theory]
    [InlineData(0.0, 0.0, "Reward 'r' was 0 for all 2 rollouts it applied to, its best (its weight is negative): nothing is left to learn from it.")]
    [InlineData(0.0, -1.0, "Reward 'r' was 0 for all 2 rollouts it applied to: it taught nothing in this step. *")]
    [InlineData(1.0, 0.0, "Reward 'r' was 1 for all 2 rollouts it applied to: it taught nothing in this step. *")]
    public void With_a_negative_weight_nothing_is_left_to_learn_at_the_minimum(double value, double minimum, string warning)
    {
        var suite = new RewardSuite().With(RewardFunction.From("r", (_, _) => value, minimum: minimum), -2);
        RewardStatistics.Of([suite.Score(Some.Group(Some.Example("a"), "x", "y"))]).Warnings.Should().ContainSingle().Which.Should().Match(warning);
    }

    [Fact]
    public void A_reward_that_applies_to_nothing_is_warned_about()
        => RewardStatistics.Of(Score(new GroundingFormatReward(), Some.Group(Some.Example("a"), "x"))).Warnings.Should().Equal(
            "Nothing could judge 1 of 1 rollouts: they are in no mean and have no advantage. "
                + "See that judges answer and that a reward reads each kind of label.",
            "Reward 'answer_format' applied to no rollout of this step: no example has the kind of label it reads, "
                + "or it had no answer (a judge).");

    [Fact]
    public void One_rollout_is_no_constant_and_a_reward_that_does_not_count_is_no_matter()
    {
        RewardStatistics.Of(Score(RewardFunction.From("r", (_, _) => 0.0), Some.Group(Some.Example("a"), "x"))).Warnings.Should().BeEmpty();
        var quiet = new RewardSuite().With(RewardFunction.From("r", (_, _) => 0.0), weight: 0);
        RewardStatistics.Of([quiet.Score(Some.Group(Some.Example("a"), "x", "y"))]).Warnings.Should().BeEmpty();
        RewardStatistics.Of([]).Should().BeSameAs(RewardStatistics.None);
    }

    private static IReadOnlyList<ScoredGroup> Score(IRewardFunction reward, params RolloutGroup[] groups) => new RewardSuite(reward).Score(groups);
}
