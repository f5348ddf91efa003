using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.RewardControl;

public sealed class RewardControllerTests
{
    private static readonly IRewardController AddOne = Each(total => total + 1);

    private static readonly IRewardController Double = Each(total => total * 2);

    [Fact]
    public void A_chain_goes_from_the_first_to_the_last()
    {   // (1 + 1) · 2 = 4, and 1 · 2 + 1 = 3 the other way round.
        RewardController.Chain(AddOne, Double).Control(Scored.Group([1])).Totals.Should().Equal(4);
        RewardController.Chain(Double, AddOne).Control(Scored.Group([1])).Totals.Should().Equal(3);
    }

    [Fact]
    public void An_empty_chain_and_none_change_nothing()
    {
        var group = Scored.Group([1, 2], 3);
        RewardController.Chain().Control(group).Should().BeSameAs(group);
        RewardController.None.Control(group).Should().BeSameAs(group);
    }

    [Fact]
    public void A_function_that_returns_null_another_group_or_fewer_scores_breaks_the_contract()
    {
        Contract(_ => null!).WithMessage("*'row'*got null*");
        Contract(_ => Scored.Group([1, 2], 3)).WithMessage("*got another group. Change the scores only.");
        Contract(group => group with { Scores = [.. group.Scores.Skip(1)] }).WithMessage("*in the same order*got another group*");
        Contract(group => group with { Group = group.Group with { Completions = [.. group.Group.Completions.Reverse()] } })
            .WithMessage("*got another group*");

        static FluentAssertions.Specialized.ExceptionAssertions<InvalidOperationException> Contract(Func<ScoredGroup, ScoredGroup> control)
            => RewardController.From(control).Invoking(c => c.Control(Scored.Group([1, 2], 3))).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Nothing_is_no_controller_and_no_group()
    {
        FluentActions.Invoking(() => RewardController.From(null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => RewardController.Chain(AddOne, null!)).Should().Throw<ArgumentNullException>();
        AddOne.Invoking(c => c.Control(null!)).Should().Throw<ArgumentNullException>();
    }

    [Fact]
    public void ViSurfs_chain_takes_the_thoughts_first_and_compares_then()
    {   // Label 1 + 6 = 7 against a rollout's 6.5: without its thoughts it has 6 and is smoothed to (6.5 + 1.5)/2 = 4.
        var group = Scored.Of([Score(0.5, 6), Score(1, 0.5)], Score(1, 6));
        var controlled = new ViSurfRewardControl().Control(group);
        controlled.Totals.Should().Equal(6.5, 1.5, 4);
        controlled.Scores[^1].Find(ThinkingFormatReward.ComponentName)!.Value.Should().Be(0);

        static CompletionScore Score(double thinking, double rest) => Scored.Score((ThinkingFormatReward.ComponentName, thinking), ("rest", rest));
    }

    [Fact]
    public void A_perfect_label_without_thoughts_has_six_of_seven_until_a_rollout_has_six()
    {
        var label = new GroundingTarget([new GroundedObject(new Box(10, 10, 60, 60), new PixelPoint(35, 35))]);
        var text = LabelFormat.Compact.Write(label);
        Control("<think>so</think><answer>[]</answer>").Should().Be((6, false), "1 + 2 + 0 + 1 = 4 is less than 6");
        Control("<think>so</think>" + text).Should().Be((7, true));

        (double, bool) Control(string rollout)
        {
            var group = new RolloutGroup(VisionExample.Ask("a", "?", label),
                [Completion.OfText(rollout), Completion.OfText(LabelFormat.Compact.Write(label), CompletionSource.Demonstration)]);
            var controlled = new ViSurfRewardControl().Control(VisionReasonerRewards.Suite().Score(group));
            return (controlled.Totals[1], controlled.Scores[1].Neutral);
        }
    }

    [Fact]
    public void ViSurfs_control_takes_other_names_and_then_insists_on_them()
    {
        var group = Scored.Of([Scored.Score(("tags", 0), ("accuracy", 2.5))], Scored.Score(("tags", 1), ("accuracy", 3)));
        new ViSurfRewardControl(drop: ["tags"], compareOn: ["accuracy"]).Control(group).Totals.Should().Equal(2.5, 3);
        new ViSurfRewardControl(drop: ["tags", "accuracy"]).Control(group).Totals.Should().Equal(2.5, 2.5);
        new ViSurfRewardControl(drop: []).Control(group).Totals.Should().Equal(2.5, 4);
        new ViSurfRewardControl(drop: ["thoughts"]).Invoking(c => c.Control(group)).Should().Throw<InvalidOperationException>().WithMessage("*'thoughts'*[tags, accuracy]*");
    }

    private static IRewardController Each(Func<double, double> change)
        => RewardController.From(group => group with { Scores = [.. group.Scores.Select(s => Scored.Score((Scored.Reward, change(s.Total))))] });
}
