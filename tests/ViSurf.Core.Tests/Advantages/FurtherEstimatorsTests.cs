using CsCheck;
using FluentAssertions;
using ViSurf.Core.Advantages;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Advantages;

public sealed class FurtherEstimatorsTests
{
    [Fact]
    public void The_label_may_be_in_the_mean_and_out_of_the_deviation_and_the_other_way_round()
    {   // Rollouts 0, 2 (mean 1, std √2), label 4: with it mean 2, std 2.
        Near(One(AdvantageEstimators.GroupNormalized(0, labelInStatistics: true, labelInDeviation: false), Scored.Group([0, 2], 4)), -Math.Sqrt(2), 0, Math.Sqrt(2));
        Near(One(AdvantageEstimators.GroupNormalized(0, labelInStatistics: false, labelInDeviation: true), Scored.Group([0, 2], 4)), -0.5, 0.5, 1.5);
    }

    [Fact]
    public void REINFORCE_plus_plus_whitens_distances_over_the_tokens_of_the_step()
    {   // Group means 1 and 5: distances −1, 1, −1, 1 with 1, 3, 2, 2 tokens. Mean (−1 + 3 − 2 + 2)/8 = 1/4;
        // squares 1·(5/4)² + 3·(3/4)² + 2·(5/4)² + 2·(3/4)² = 3·25/16 + 5·9/16 = 7.5; over 7 tokens.
        ScoredGroup[] groups = [Group((0, 1), (2, 3)), Group((4, 2), (6, 2))];
        var std = Math.Sqrt(7.5 / 7);
        var advantages = AdvantageEstimators.ReinforcePlusPlus(epsilon: 0)(groups);
        Near(advantages[0], -1.25 / std, 0.75 / std);
        Near(advantages[1], -1.25 / std, 0.75 / std);
        // Without the baseline 0, 2, 2, 2, 4, 4, 6, 6: mean 26/8 = 3.25; squares 116 − 8 · 3.25² = 31.5, over 7: 4.5.
        var plain = AdvantageEstimators.ReinforcePlusPlus(baseline: false, epsilon: 0)(groups);
        Near(plain[0], -3.25 / Math.Sqrt(4.5), -1.25 / Math.Sqrt(4.5));
        Near(plain[1], 0.75 / Math.Sqrt(4.5), 2.75 / Math.Sqrt(4.5));
    }

    [Fact]
    public void REINFORCE_plus_plus_measures_a_label_that_is_no_member_with_the_rollouts_ruler()
    {   // Rollouts 0, 2: distances ±1, std √2. The label 4 is 3 above their mean.
        Near(One(AdvantageEstimators.ReinforcePlusPlus(epsilon: 0, labelInStatistics: false), Scored.Group([0, 2], 4)),
            -1 / Math.Sqrt(2), 1 / Math.Sqrt(2), 3 / Math.Sqrt(2));
    }

    [Fact]
    public void GDPO_normalises_each_reward_by_itself_so_that_equal_totals_may_differ()
    {
        // a: 1 0 0 0 (mean 1/4, std 1/2) → 1.5 −0.5 −0.5 −0.5; b: 0 1 1 0 (mean 1/2, std 1/√3) → ±√3/2.
        // Totals 1 1 1 0; sums 1.5 − √3/2, −0.5 + √3/2 twice, −0.5 − √3/2, whose mean is 0.
        var group = Scored.Of([Two(1, 0), Two(0, 1), Two(0, 1), Two(0, 0)], null);
        var half = Math.Sqrt(3) / 2;
        double[] sums = [1.5 - half, half - 0.5, half - 0.5, -0.5 - half];
        Near(One(AdvantageEstimators.ComponentNormalized(0, batchNormalized: false), group), sums);
        var std = Math.Sqrt(sums.Sum(s => s * s) / 3);
        Near(One(AdvantageEstimators.ComponentNormalized(0), group), [.. sums.Select(s => s / std)]);

        static CompletionScore Two(double a, double b) => Scored.Score(("a", a), ("b", b));
    }

    [Fact]
    public void GDPO_weighs_rewards_skips_what_does_not_apply_and_leaves_neutral_labels_out()
    {
        // a (weight 2): 1, −1 → std √2, ±1/√2; b applies to the first only, so nothing is better or worse by it: TRL's deviation of one is
        // NaN, and adds 0.
        var group = Scored.Of(
            [
                new CompletionScore([new RewardComponent("a", 1, 2), new RewardComponent("b", 3)]),
                new CompletionScore([new RewardComponent("a", -1, 2), new RewardComponent("b", null)]),
            ],
            new CompletionScore([new RewardComponent("a", 50, 2), new RewardComponent("b", 50)]) { Neutral = true });
        Near(One(AdvantageEstimators.ComponentNormalized(0, batchNormalized: false), group), Math.Sqrt(2), -Math.Sqrt(2), 0);
    }

    [Fact]
    public void Pass_at_k_is_the_mean_over_every_set_a_completion_could_be_in()
        => Gen.Select(Gen.Int[0, 1].Array[2, 8], Gen.Int[1, 5]).Sample((rights, k) =>
        {
            var rewards = rights.Select(r => (double)r).ToArray();
            var size = Math.Min(k, rewards.Length);
            var sets = Enumerable.Range(0, 1 << rewards.Length).Where(bits => int.PopCount(bits) == size)
                .Select(bits => (Bits: bits, Best: rewards.Where((_, i) => (bits >> i & 1) == 1).Max())).ToArray();
            var mean = sets.Average(s => s.Best);
            var std = Math.Sqrt(sets.Average(s => (s.Best - mean) * (s.Best - mean)));
            var expected = rewards.Select((_, i) => std == 0 ? 0 : sets.Where(s => (s.Bits >> i & 1) == 1).Average(s => (s.Best - mean) / std)).ToArray();
            var actual = One(AdvantageEstimators.PassAtK(k), Scored.Group(rewards));
            for (var i = 0; i < expected.Length; i++) actual[i].Should().BeApproximately(expected[i], 1e-9);
        }, iter: 200);

    [Fact]
    public void Pass_at_one_is_the_group_normalised_advantage()
        => Near(One(AdvantageEstimators.PassAtK(1), Scored.Group([1, 0, 0, 1, 0])),
            One(AdvantageEstimators.GroupNormalized(0, StandardDeviation.Population), Scored.Group([1, 0, 0, 1, 0])));

    [Fact]
    public void Only_the_best_of_a_group_learns_by_its_lead()
    {   // Lead 6 − 4 = 2; std of 0, 4, 6, 2: squares 9 + 1 + 9 + 1 = 20, √(20/3).
        Near(One(AdvantageEstimators.BestOfGroup(0), Scored.Group([0, 4, 6, 2])), 0, 0, 2 / Math.Sqrt(20 / 3.0), 0);
        One(AdvantageEstimators.BestOfGroup(deviation: StandardDeviation.None), Scored.Group([0, 4, 6, 2])).Should().Equal(0, 0, 2, 0);
        One(AdvantageEstimators.BestOfGroup(), Scored.Group([6, 6, 1])).Should().Equal(0, 0, 0);
        One(AdvantageEstimators.BestOfGroup(), Scored.Group([])).Should().BeEmpty();
        FluentActions.Invoking(() => AdvantageEstimators.BestOfGroup(deviation: StandardDeviation.Batch)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Equal_rewards_and_empty_groups_give_exactly_zero_and_nothing()
    {
        foreach (var estimate in new[]
        {
            AdvantageEstimators.ReinforcePlusPlus(), AdvantageEstimators.ComponentNormalized(), AdvantageEstimators.PassAtK(2), AdvantageEstimators.BestOfGroup(),
        })
        {
            One(estimate, Scored.Group([0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 0.1)).Should().OnlyContain(a => a == 0);
            var mixed = estimate([Scored.Group([]), Scored.Group([0, 1, 1])]);
            mixed[0].Should().BeEmpty();
            mixed[1].Should().HaveCount(3);
        }
    }

    [Fact]
    public void A_neutral_label_gets_exactly_zero()
    {
        var group = Scored.Of([Scored.Score((Scored.Reward, 0)), Scored.Score((Scored.Reward, 1))], Scored.Score((Scored.Reward, 5)) with { Neutral = true });
        foreach (var estimate in new[]
        {
            AdvantageEstimators.ReinforcePlusPlus(), AdvantageEstimators.ComponentNormalized(), AdvantageEstimators.PassAtK(2), AdvantageEstimators.BestOfGroup(),
        })
            One(estimate, group)[2].Should().Be(0);
    }

    private static ScoredGroup Group(params (double Reward, int Tokens)[] rows) => new(
        new RolloutGroup(TinyText.Example("row", "?"), [.. rows.Select(r => new Completion(new int[r.Tokens], "", FinishReason.Stop, CompletionSource.Policy))]),
        [.. rows.Select(r => Scored.Score((Scored.Reward, r.Reward)))]);

    private static double[] One(AdvantageEstimator estimate, ScoredGroup group) => estimate([group]).Single();

    private static void Near(double[] actual, params double[] expected)
    {
        actual.Should().HaveCount(expected.Length);
        for (var i = 0; i < expected.Length; i++) actual[i].Should().BeApproximately(expected[i], 1e-9, "element {0}", i);
    }
}
