using FluentAssertions;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.RewardControl;

/// <summary>What reward control and group policies make of completions that nothing judged.</summary>
public sealed class UnscoredControlTests
{
    private static readonly SmoothDemonstration Smooth = new();

    [Fact]
    public void A_penalty_alone_judges_nothing_so_that_an_unjudged_completion_does_not_beat_a_wrong_one()
    {
        // The wrong one has −1 + 0; the unjudged one would have 0.
        var wrong = Score(("math", -1, 1), ("overlong", 0, 0));
        var unjudged = Score(("math", null, 1), ("overlong", 0, 0));
        (wrong.IsScored, wrong.Total, unjudged.IsScored).Should().Be((true, -1, false));
        unjudged.Total.Should().Be(double.NaN);

        // As a component of a controller, which comes after the judge, and as a reward under a negative weight.
        new OverlongShaping(10, 5).Control(Scored.Of([Score(("math", null, 1))], null)).Scores[0].IsScored.Should().BeFalse();
        new CompletionScore([new RewardComponent("math", null), new RewardComponent("length", 0.5, -1)]).IsScored.Should().BeFalse();
    }

    [Fact]
    public void Where_there_are_penalties_only_they_judge()
    {
        Score(("overlong", -0.5, 0)).Total.Should().Be(-0.5);
        Score(("overlong", null, 0)).IsScored.Should().BeFalse();
        new CompletionScore([new RewardComponent("length", 0.5, -1)]).Total.Should().Be(-0.5);
    }

    [Fact]
    public void Some_rewards_of_several_are_enough_and_no_reward_at_all_is_a_total_of_zero()
    {
        Score(("a", null, 1), ("b", 0, 1)).Total.Should().Be(0);
        new CompletionScore([]).Total.Should().Be(0);
        (Score(("a", null, 1)) with { SmoothedTotal = 2 }).Total.Should().Be(2);
    }

    [Fact]
    public void A_label_is_smoothed_by_the_rollouts_that_were_judged()
    {   // 5 reaches 4: (1 + 5)/2, not (1 + 5 + 0)/3.
        Smooth.Control(Group(4, 1, null, 5)).Scores[^1].SmoothedTotal.Should().Be(3);
        Smooth.Control(Group(-1, null, null)).Scores[^1].Should().BeEquivalentTo(Group(-1).Scores[^1], "nobody is as good as the label "
            + "because nobody was judged");
    }

    [Fact]
    public void A_label_that_nothing_judged_is_not_smoothed_into_a_judged_one()
    {
        var label = Smooth.Control(Group(null, 1, 2)).Scores[^1];
        (label.IsScored, label.SmoothedTotal, label.Neutral).Should().Be((false, null, false));
    }

    [Fact]
    public void A_rollout_without_the_component_to_compare_on_does_not_switch_the_label_off()
    {
        var onAccuracy = new SmoothDemonstration { CompareOn = ["accuracy"] };
        var label = Score(("format", 0, 1), ("accuracy", 0, 3));
        onAccuracy.Control(Scored.Of([Score(("format", 1, 1), ("accuracy", null, 3))], label)).Scores[^1].Neutral.Should()
            .BeFalse("its accuracy is not known to be 0");
        onAccuracy.Control(Scored.Of([Score(("format", 1, 1), ("accuracy", 0, 3))], label)).Scores[^1].Neutral.Should().BeTrue();
        // A label without it is compared by totals: 0 against 1, and 2 against 1.
        onAccuracy.Control(Scored.Of([Score(("format", 1, 1), ("accuracy", 0, 3))],
            Score(("format", 0, 1), ("accuracy", null, 3)))).Scores[^1].Neutral.Should().BeTrue();
        onAccuracy.Control(Scored.Of([Score(("format", 1, 1), ("accuracy", 0, 3))],
            Score(("format", 2, 2), ("accuracy", null, 3)))).Scores[^1].Neutral.Should().BeFalse();
    }

    [Fact]
    public void Filters_look_at_what_was_judged()
    {
        GroupPolicy.UniformReason(Group(null, 1, 1, null)).Should().StartWith("all 2 judged ones of 4 completions scored 1");
        GroupPolicy.UniformReason(Rollouts(1, null, 0)).Should().BeNull();
        GroupPolicy.UniformReason(Rollouts(null, null)).Should().Be("nothing could judge any of its 2 completions");
        GroupPolicy.SkipUniform.Select([Rollouts(null, null)]).Skipped.Should().ContainSingle();

        var between = GroupPolicy.MeanBetween(0.4, 0.6);
        between.Select([Rollouts(0.5, null, null, 0.5)]).Skipped.Should().BeEmpty("the mean of the judged is 0.5, "
            + "with zeros it would be 0.25");
        between.Select([Rollouts([null])]).Skipped.Single().Reason.Should().Be("nothing could judge any of its 1 completions");
    }

    [Fact]
    public void A_group_that_nothing_judged_has_not_failed()
    {
        new SupervisionGate(1).Select([Group(1, null, null)]).Groups[0].Totals.Should()
            .Equal([double.NaN, double.NaN], "it is not imitated");
        new SupervisionGate(1).Select([Group(1, null, 0)]).Groups[0].Totals.Should().Equal([1], "what was judged has failed");
    }

    [Fact]
    public void A_replay_buffer_measures_a_group_by_what_was_judged()
    {
        var buffer = new ReplayBuffer();
        buffer.Select([Rollouts(0, null, 1)]);
        var replayed = buffer.Select([Rollouts(null, null)]).Groups[0];
        replayed.Scores.Select(score => score.IsScored).Should().Equal(true, false, true);
        buffer.Count.Should().Be(1);
        double.IsFinite((double)buffer.State[0]!["Worth"]!).Should().BeTrue();
    }

    private static CompletionScore Score(params (string Name, double? Value, double Maximum)[] components)
        => new([.. components.Select(c => new RewardComponent(c.Name, c.Value, 1, c.Maximum) { Minimum = -1 })]);

    private static ScoredGroup Group(double? label, params double?[] rollouts)
        => Scored.Of([.. rollouts.Select(r => Scored.Score((Scored.Reward, r)))], Scored.Score((Scored.Reward, label)));

    private static ScoredGroup Rollouts(params double?[] rollouts)
        => Scored.Of([.. rollouts.Select(r => Scored.Score((Scored.Reward, r)))], null);
}
