using CsCheck;
using FluentAssertions;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.RewardControl;

public sealed class SmoothDemonstrationTests
{
    private static readonly SmoothDemonstration Smooth = new();

    [Fact]
    public void A_label_below_the_best_rollout_becomes_the_mean_of_the_rollouts_and_neutral()
    {   // (3 + 4 + 7 + 2)/4 = 4: the raw rollouts' mean, not (16 + 6)/5.
        var group = Smooth.Control(Scored.Group([3, 4, 7, 2], 6));
        group.Totals.Should().Equal(3, 4, 7, 2, 4);
        group.Scores.Select(s => s.Neutral).Should().Equal(false, false, false, false, true);
    }

    [Fact]
    public void A_tie_smooths_too()
        => Smooth.Control(Scored.Group([0, 6], 6)).Totals.Should().Equal(0, 6, 3);

    [Fact]
    public void A_label_above_every_rollout_stays()
    {
        var group = Scored.Group([3, 4, 5.75, 2], 6);
        Smooth.Control(group).Scores.Should().Equal(group.Scores);
    }

    [Fact]
    public void The_components_stay_in_reports()
    {
        var label = Smooth.Control(Scored.Group([7], 6)).Scores[^1];
        label.Find(Scored.Reward)!.Value.Should().Be(6);
        (label.Total, label.SmoothedTotal).Should().Be((7, 7));
    }

    [Fact]
    public void Groups_without_label_or_without_rollouts_pass_unchanged()
    {
        foreach (var group in new[] { Scored.Group([1, 2]), Scored.Group([], 1), Scored.Group([]) })
            Smooth.Control(group).Should().BeSameAs(group);
    }

    [Fact]
    public void The_group_that_came_in_is_not_changed()
    {
        var group = Scored.Group([3, 4, 7, 2], 6);
        Smooth.Control(group);
        group.Totals.Should().Equal(3, 4, 7, 2, 6);
        group.Scores[^1].Neutral.Should().BeFalse();
    }

    [Fact]
    public void The_mean_of_equal_rollouts_is_their_reward_to_the_last_bit()
        => Gen.Select(Gen.Double[0, 7], Gen.Int[1, 16]).Sample((reward, g) =>
            Smooth.Control(Scored.Group([.. Enumerable.Repeat(reward, g)], reward)).Totals[^1].Should().Be(reward));

    [Fact]
    public void Compared_on_accuracy_a_rollout_that_wins_by_its_thoughts_does_not_switch_the_label_off()
    {   // Totals 6 and 6 (1 + 2 + 2 + 1 against 0 + 2 + 3 + 1): the paper smooths. Accuracy 2 against 3: the label stays.
        var rollout = Scored.Score(("thinking_format", 1), ("answer_format", 2), ("accuracy", 2), ("non_repeat", 1));
        var label = Scored.Score(("thinking_format", 0), ("answer_format", 2), ("accuracy", 3), ("non_repeat", 1));
        var group = Scored.Of([rollout, rollout], label);

        Smooth.Control(group).Scores[^1].Neutral.Should().BeTrue();
        var onAccuracy = new SmoothDemonstration { CompareOn = ["accuracy"] };
        onAccuracy.Control(group).Scores[^1].Should().Be(label);
        // Once a rollout is as accurate, the label gets the mean of totals: (6 + 7)/2.
        var right = Scored.Score(("thinking_format", 1), ("answer_format", 2), ("accuracy", 3), ("non_repeat", 1));
        onAccuracy.Control(Scored.Of([rollout, right], label)).Totals[^1].Should().Be(6.5);
    }

    [Fact]
    public void Several_components_are_compared_by_their_weighted_sum()
    {   // Label 1 · 2 + 3 · 1 = 5; rollout 3 · 2 + 0 · 1 = 6 without weights 3 against 4.
        var smooth = new SmoothDemonstration { CompareOn = ["a", "b"] };
        smooth.Control(Scored.Of([Score(3, 0, 2)], Score(1, 3, 2))).Scores[^1].Neutral.Should().BeTrue();
        smooth.Control(Scored.Of([Score(3, 0, 1)], Score(1, 3, 1))).Scores[^1].Neutral.Should().BeFalse();

        static CompletionScore Score(double a, double b, double weight)
            => new([new RewardComponent("a", a, weight), new RewardComponent("b", b), new RewardComponent("other", 100 * a)]);
    }

    [Fact]
    public void Where_no_compared_component_applies_totals_decide()
    {   // A text row of a mixed data set has no accuracy: 0 ≥ 0 would switch its label off for good.
        var smooth = new SmoothDemonstration { CompareOn = ["accuracy"] };
        smooth.Control(Text(rollout: 0, label: 1)).Totals.Should().Equal(0, 1);
        smooth.Control(Text(rollout: 1, label: 1)).Scores[^1].Neutral.Should().BeTrue();

        static ScoredGroup Text(double rollout, double label) => Scored.Of(
            [Scored.Score(("accuracy", null), ("exact_answer", rollout))], Scored.Score(("accuracy", null), ("exact_answer", label)));
    }

    [Fact]
    public void A_component_that_does_not_exist_is_named_with_those_that_do()
        => new SmoothDemonstration { CompareOn = ["acuracy"] }
            .Invoking(s => s.Control(Scored.Of([Scored.Score(("accuracy", 1))], Scored.Score(("accuracy", 3)), id: "row 9")))
            .Should().Throw<InvalidOperationException>().WithMessage("*'acuracy'*'row 9'*[accuracy]*Correct CompareOn*");
}
