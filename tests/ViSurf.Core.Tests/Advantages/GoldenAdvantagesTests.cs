using CsCheck;
using FluentAssertions;
using ViSurf.Core.Advantages;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Advantages;

/// <summary>Advantages after ViSurf's reward control, label last: Â = (r − mean)/(std + 1e-6) over the rollouts and the label.</summary>
public sealed class GoldenAdvantagesTests
{
    private static readonly IRewardController Control = new ViSurfRewardControl();

    [Fact]
    public void A_label_alone_above_eight_failures()
    {   // Mean 1/9. Squares 8/81 + 64/81 = 8/9; over 8: std 1/3. Over 9: std √8/9 = 0.314270.
        AllRollouts(Sample([0, 0, 0, 0, 0, 0, 0, 0], 1), -0.333332, 2.666659);
        AllRollouts(Population([0, 0, 0, 0, 0, 0, 0, 0], 1), -0.353552, 2.828418);
    }

    [Fact]
    public void A_label_that_two_rollouts_reach_is_neutral()
    {   // It becomes 2/8. Deviations ±0.75 and ∓0.25: squares 2 · 0.5625 + 6 · 0.0625 = 1.5; std √(1.5/8) = 0.433013 or √(1.5/9) = 0.408248.
        Near(Sample([0, 0, 0, 0, 1, 1, 0, 0], 1), -0.577349, -0.577349, -0.577349, -0.577349, 1.732047, 1.732047, -0.577349, -0.577349, 0);
        Near(Population([0, 0, 0, 0, 1, 1, 0, 0], 1), -0.612371, -0.612371, -0.612371, -0.612371, 1.837113, 1.837113, -0.612371, -0.612371, 0);
    }

    [Fact]
    public void A_label_above_mixed_rollouts()
    {   // Mean 20/5 = 4; squares 1 + 0 + 1 + 4 + 4 = 10; std √2.5 = 1.581139 or √2 = 1.414214.
        Near(Sample([3, 4, 5, 2], 6), -0.632455, 0, 0.632455, -1.26491, 1.26491);
        Near(Population([3, 4, 5, 2], 6), -0.707106, 0, 0.707106, -1.414213, 1.414213);
    }

    [Fact]
    public void A_label_below_the_best_rollout_is_neutral()
    {   // It becomes 16/4 = 4; squares 1 + 0 + 9 + 4 + 0 = 14; std √3.5 = 1.870829 or √2.8 = 1.673320.
        Near(Sample([3, 4, 7, 2], 6), -0.534522, 0, 1.603567, -1.069044, 0);
        Near(Population([3, 4, 7, 2], 6), -0.597614, 0, 1.792842, -1.195228, 0);
    }

    [Fact]
    public void A_label_below_eight_equal_rollouts_leaves_nothing_to_learn()
    {
        Sample([7, 7, 7, 7, 7, 7, 7, 7], 6).Should().Equal(0, 0, 0, 0, 0, 0, 0, 0, 0);
        Population([7, 7, 7, 7, 7, 7, 7, 7], 6).Should().Equal(0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    [Fact]
    public void When_all_rollouts_fail_alike_the_label_gets_G_over_the_root_of_G_plus_one_or_the_root_of_G()
        // With a = r_y − r: mean r + a/(G+1), squares a²G/(G+1). Sample std a/√(G+1), population std a√G/(G+1).
        => Gen.Select(Gen.Int[1, 32], Gen.Int[0, 20], Gen.Int[1, 28]).Sample((g, low, gap) =>
        {
            var rollouts = Enumerable.Repeat(low / 4.0, g).ToArray();
            var label = (low + gap) / 4.0;
            Exact(AdvantageEstimators.GroupNormalized(0), -1 / Math.Sqrt(g + 1), g / Math.Sqrt(g + 1));
            Exact(AdvantageEstimators.GroupNormalized(0, StandardDeviation.Population), -1 / Math.Sqrt(g), Math.Sqrt(g));

            void Exact(AdvantageEstimator estimator, double rollout, double demonstration)
            {
                var advantages = Of(estimator, rollouts, label);
                advantages[..^1].Should().OnlyContain(a => Math.Abs(a - rollout) < 1e-12);
                advantages[^1].Should().BeApproximately(demonstration, 1e-12);
            }
        }, iter: 100);

    [Fact]
    public void The_label_is_exactly_neutral_or_strictly_the_best_of_its_group()
        // Quarters, so that ties are common.
        => Gen.Select(Gen.Int[0, 28].Array[1, 12], Gen.Int[0, 28], Gen.Enum<StandardDeviation>(), Gen.Bool).Sample((quarters, y, deviation, member) =>
        {
            var rollouts = quarters.Select(q => q / 4.0).ToArray();
            var advantages = Of(AdvantageEstimators.GroupNormalized(deviation: deviation, labelInStatistics: member), rollouts, y / 4.0);
            if (quarters.Max() >= y) advantages[^1].Should().Be(0);
            else advantages[^1].Should().BePositive().And.BeGreaterThan(advantages[..^1].Max());
        });

    [Fact]
    public void A_reward_that_binary_fractions_cannot_hold_leaves_no_residue_when_all_are_equal()
    {   // 0.1 + 0.1 + 0.1 is not 3 · 0.1: a mean off by one bit, over a deviation of one bit, would be an advantage of ±0.5.
        foreach (var g in new[] { 3, 6, 7, 10 })
        {
            var rollouts = Enumerable.Repeat(0.1, g).ToArray();
            Of(AdvantageEstimators.GroupNormalized(0), rollouts, 0.1).Should().OnlyContain(a => a == 0);
            Of(AdvantageEstimators.MeanCentered(), rollouts, 0.1).Should().OnlyContain(a => a == 0);
            Of(AdvantageEstimators.LeaveOneOut(), rollouts, 0.1).Should().OnlyContain(a => a == 0);
        }
    }

    private static double[] Sample(double[] rollouts, double label) => Of(AdvantageEstimators.GroupNormalized(), rollouts, label);

    private static double[] Population(double[] rollouts, double label)
        => Of(AdvantageEstimators.GroupNormalized(deviation: StandardDeviation.Population), rollouts, label);

    private static double[] Of(AdvantageEstimator estimator, double[] rollouts, double label)
        => estimator([Control.Control(Scored.Group(rollouts, label))]).Single();

    private static void AllRollouts(double[] actual, double rollout, double label)
        => Near(actual, [.. Enumerable.Repeat(rollout, actual.Length - 1), label]);

    /// <summary>The expected numbers have six decimals.</summary>
    private static void Near(double[] actual, params double[] expected)
    {
        actual.Should().HaveCount(expected.Length);
        for (var i = 0; i < expected.Length; i++) actual[i].Should().BeApproximately(expected[i], 1.1e-6, "element {0}", i);
    }
}
