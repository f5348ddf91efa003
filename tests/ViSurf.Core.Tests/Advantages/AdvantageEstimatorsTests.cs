using FluentAssertions;
using ViSurf.Core.Advantages;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Advantages;

public sealed class AdvantageEstimatorsTests
{
    [Fact]
    public void A_label_outside_the_statistics_is_measured_against_the_rollouts_alone()
    {   // Mean 3.5; squares 0.25 + 0.25 + 2.25 + 2.25 = 5; std √(5/3) = 1.290994. The label: 2.5/1.290994.
        var estimate = AdvantageEstimators.GroupNormalized(0, labelInStatistics: false);
        Near(One(estimate, Scored.Group([3, 4, 5, 2], 6)), -0.387298, 0.387298, 1.161895, -1.161895, 1.936492);
    }

    [Fact]
    public void A_label_outside_equal_rollouts_gets_its_distance_undivided()
        => One(AdvantageEstimators.GroupNormalized(labelInStatistics: false), Scored.Group([2, 2, 2], 5)).Should().Equal(0, 0, 0, 3);

    [Fact]
    public void A_group_of_labels_alone_has_them_as_its_members_either_way()
    {
        foreach (var member in new[] { true, false })
            One(AdvantageEstimators.GroupNormalized(0.5, labelInStatistics: member), Scored.Group([], 3)).Should().Equal(0);
    }

    [Fact]
    public void Epsilon_is_added_to_the_deviation()
        // Mean 1, sample std √2 of 0 and 2: ±1/(√2 + 1) = ±(√2 − 1).
        => Near(One(AdvantageEstimators.GroupNormalized(1), Scored.Group([0, 2])), 1 - Math.Sqrt(2), Math.Sqrt(2) - 1);

    [Fact]
    public void Without_a_deviation_the_distance_from_the_mean_is_the_advantage()
    {   // Mean 4 with the label, 3.5 without.
        One(AdvantageEstimators.GroupNormalized(deviation: StandardDeviation.None), Scored.Group([3, 4, 5, 2], 6)).Should().Equal(-1, 0, 1, -2, 2);
        One(AdvantageEstimators.MeanCentered(), Scored.Group([3, 4, 5, 2], 6)).Should().Equal(-1, 0, 1, -2, 2);
        One(AdvantageEstimators.MeanCentered(labelInStatistics: false), Scored.Group([3, 4, 5, 2], 6)).Should().Equal(-0.5, 0.5, 1.5, -1.5, 2.5);
    }

    [Fact]
    public void A_batch_deviation_is_that_of_all_groups_while_the_mean_stays_the_groups_own()
    {   // All four: mean 3, squares 9 + 1 + 1 + 9 = 20, std √(20/3) = 2.581989. Group means 1 and 5.
        var advantages = AdvantageEstimators.GroupNormalized(0, StandardDeviation.Batch)([Scored.Group([0, 2]), Scored.Group([4, 6])]);
        advantages.Should().HaveCount(2);
        Near(advantages[0], -0.387298, 0.387298);
        Near(advantages[1], -0.387298, 0.387298);
    }

    [Fact]
    public void A_batch_deviation_leaves_labels_out_when_they_are_no_members()
    {   // Rollouts 0, 2, 4, 6 as before; the label is 9 − 5 above its group's rollouts: 4/2.581989.
        var advantages = AdvantageEstimators.GroupNormalized(0, StandardDeviation.Batch, labelInStatistics: false)([Scored.Group([0, 2]), Scored.Group([4, 6], 9)]);
        Near(advantages[1], -0.387298, 0.387298, 1.549193);
    }

    [Fact]
    public void Groups_do_not_look_at_each_other_unless_the_deviation_is_the_batchs()
    {
        ScoredGroup[] groups = [Scored.Group([3, 4, 5, 2], 6), Scored.Group([1]), Scored.Group([0, 1], 1)];
        foreach (var deviation in new[] { StandardDeviation.Sample, StandardDeviation.Population, StandardDeviation.None })
        {
            var estimate = AdvantageEstimators.GroupNormalized(deviation: deviation);
            estimate(groups).Should().BeEquivalentTo(groups.Select(g => One(estimate, g)), o => o.WithStrictOrdering());
        }
    }

    [Fact]
    public void Leave_one_out_compares_with_the_mean_of_the_others()
    {   // 1 − (2 + 6)/2, 2 − (1 + 6)/2, 6 − (1 + 2)/2.
        Near(One(AdvantageEstimators.LeaveOneOut(), Scored.Group([1, 2], 6)), -3, -1.5, 4.5);
        // Without the label among the others: 1 − 2, 2 − 1, and the label against both.
        Near(One(AdvantageEstimators.LeaveOneOut(labelInStatistics: false), Scored.Group([1, 2], 6)), -1, 1, 4.5);
        One(AdvantageEstimators.LeaveOneOut(), Scored.Group([3])).Should().Equal(0);
    }

    [Fact]
    public void Equal_rewards_give_exactly_zero()
    {   // 0.1 cannot be held in binary; sums of it are off in the last bit.
        double[] equal = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
        foreach (var estimate in Known().Values) One(estimate, Scored.Group(equal, 0.1)).Should().OnlyContain(a => a == 0);
    }

    [Fact]
    public void A_neutral_completion_gets_exactly_zero_from_every_estimator_whatever_its_reward()
    {
        var group = Scored.Of(
            [Scored.Score((Scored.Reward, 1)), Scored.Score((Scored.Reward, 2))],
            Scored.Score((Scored.Reward, 5)) with { Neutral = true });
        foreach (var estimate in Known().Values)
        {
            var advantages = One(estimate, group);
            advantages[2].Should().Be(0);
            advantages[1].Should().NotBe(0);
        }
        // A constant is no comparison, but neutral stays neutral.
        One(AdvantageEstimators.Constant(), group).Should().Equal(1, 1, 0);
    }

    [Fact]
    public void A_constant_does_not_look_at_rewards()
        => AdvantageEstimators.Constant(-2)([Scored.Group([1, 2], 3), Scored.Group([])]).Should().BeEquivalentTo(new double[][] { [-2, -2, -2], [] });

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_constant_that_is_no_number_is_refused(double value)
        => FluentActions.Invoking(() => AdvantageEstimators.Constant(value)).Should().Throw<ArgumentException>().WithMessage($"Expected a finite advantage, got {value}.*");

    [Fact]
    public void A_negative_epsilon_is_refused()
        => FluentActions.Invoking(() => AdvantageEstimators.GroupNormalized(-1e-6)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("Expected epsilon >= 0*");

    private static Dictionary<string, AdvantageEstimator> Known() => new()
    {
        ["sample"] = AdvantageEstimators.GroupNormalized(0),
        ["population"] = AdvantageEstimators.GroupNormalized(0, StandardDeviation.Population),
        ["none"] = AdvantageEstimators.MeanCentered(),
        ["batch"] = AdvantageEstimators.GroupNormalized(0, StandardDeviation.Batch),
        ["leave one out"] = AdvantageEstimators.LeaveOneOut(),
        ["label outside"] = AdvantageEstimators.GroupNormalized(0, labelInStatistics: false),
    };

    private static double[] One(AdvantageEstimator estimate, ScoredGroup group) => estimate([group]).Single();

    private static void Near(double[] actual, params double[] expected)
    {
        actual.Should().HaveCount(expected.Length);
        for (var i = 0; i < expected.Length; i++) actual[i].Should().BeApproximately(expected[i], 1e-6, "element {0}", i);
    }
}
