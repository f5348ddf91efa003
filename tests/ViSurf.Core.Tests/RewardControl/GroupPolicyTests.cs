using System.Text.Json.Nodes;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.RewardControl;

public sealed class GroupPolicyTests
{
    [Fact]
    public void A_group_of_equal_totals_is_left_out_and_named()
    {
        var selection = GroupPolicy.SkipUniform.Select([Named("a", [1, 1], 1), Named("b", [0, 0], 1), Named("c", [0.5, 0.5])]);
        selection.Groups.Select(g => g.Scores.Count).Should().Equal(0, 3, 0);
        selection.Groups.Select(g => g.Group.Completions.Count).Should().Equal(0, 3, 0);
        selection.Skipped.Should().Equal(new SkippedGroup("a", "all 3 completions scored 1"), new SkippedGroup("c", "all 2 completions scored 0.5"));
    }

    [Fact]
    public void A_band_keeps_groups_that_are_neither_too_hard_nor_too_easy()
    {
        var groups = new[] { Named("hard", [0, 0]), Named("fair", [0, 1]), Named("easy", [1, 1], 0) };
        var selection = GroupPolicy.MeanBetween(0.01, 0.99).Select(groups);
        selection.Groups.Select(g => g.Scores.Count).Should().Equal(0, 2, 0);
        selection.Skipped.Select(s => s.Reason).Should().Equal(
            "the mean total of its rollouts is 0, outside (0.01, 0.99)", "the mean total of its rollouts is 1, outside (0.01, 0.99)");
        GroupPolicy.MeanBetween(0.01, 0.99, "no such component").Select(groups).Skipped.Should().BeEmpty("a reward that does not apply judges nothing");
    }

    [Fact]
    public void A_chain_passes_groups_on_and_gathers_what_was_skipped()
    {
        var chain = GroupPolicy.Chain(GroupPolicy.SkipUniform, GroupPolicy.MeanBetween(0, 0.4));
        var selection = chain.Select([Named("a", [1, 1]), Named("b", [0, 1]), Named("c", [0, 0, 1])]);
        selection.Groups.Select(g => g.Scores.Count).Should().Equal(0, 0, 3);
        selection.Skipped.Select(s => s.ExampleId).Should().Equal("a", "b");
        ScoredGroup[] one = [Named("a", [1])];
        GroupPolicy.Chain().Select(one).Groups.Should().BeSameAs(one);
    }

    [Fact]
    public void A_policy_that_loses_a_group_is_refused()
        => FluentActions.Invoking(() => GroupPolicy.From(_ => new GroupSelection([], [])).Select([Named("a", [1])]))
            .Should().Throw<InvalidOperationException>().WithMessage("*return 1 groups, got 0*");

    [Fact]
    public void The_gate_leaves_a_failing_group_its_label_and_any_other_its_rollouts()
    {
        var selection = new SupervisionGate(rightFrom: 1).Select([Named("fails", [0, 0.9], 1), Named("works", [0, 1], 1), Named("bare", [0, 0])]);
        selection.Skipped.Should().BeEmpty();
        selection.Groups[0].Group.Completions.Select(c => c.Source).Should().Equal(CompletionSource.Demonstration);
        selection.Groups[1].Totals.Should().Equal(0, 1);
        selection.Groups[1].Group.Completions.Should().OnlyContain(c => c.Source == CompletionSource.Policy);
        selection.Groups[2].Totals.Should().Equal(0, 0);
        // With γ = 1 one right rollout of two is not enough.
        new SupervisionGate(1, most: 1).Select([Named("works", [0, 1], 1)]).Groups[0].Totals.Should().Equal(1);
    }

    [Fact]
    public void A_replay_takes_the_place_of_a_group_that_teaches_nothing()
    {
        var buffer = new ReplayBuffer(capacity: 2) { MaxReplays = 2 };
        // Worth: deviation × Σ|distance|. 0,1: 0.5 · 1; 0,2: 1 · 2; 0,4: 2 · 4.
        buffer.Select([Named("small", [0, 1]), Named("large", [0, 4], null), Named("middle", [0, 2])]).Skipped.Should().BeEmpty("nothing was stored yet");
        buffer.Count.Should().Be(2);

        var selection = buffer.Select([Named("dull", [1, 1]), Named("duller", [0, 0]), Named("third", [0, 0])]);
        selection.Groups.Select(g => g.Group.Example.Id).Should().Equal("large", "middle", "third");
        selection.Groups[0].Group.Completions.Should().OnlyContain(c => c.Replayed);
        selection.Skipped[0].Should().Be(new SkippedGroup("dull", "all 2 completions scored 1; 'large' of an earlier step was replayed in its place"));

        buffer.Select([Named("dull", [1, 1])]).Groups[0].Group.Example.Id.Should().Be("large");
        buffer.Count.Should().Be(1, "twice is the most");
        buffer.Select([Named("dull", [1, 1])]).Groups[0].Group.Example.Id.Should().Be("middle");
        buffer.Select([Named("dull", [1, 1])]).Groups[0].Group.Example.Id.Should().Be("dull", "the buffer is empty");
    }

    [Fact]
    public void A_replayed_label_is_still_the_label_and_not_a_replay()
    {
        var buffer = new ReplayBuffer();
        buffer.Select([Named("a", [0, 0], 1)]);
        buffer.Select([Named("b", [0, 0])]).Groups[0].Group.Completions.Select(c => c.Replayed).Should().Equal(true, true, false);
    }

    [Fact]
    public void A_restored_buffer_hands_out_the_same_groups_with_the_same_numbers()
    {
        // Everything that a completion and a score can hold, and a hint that the data set does not have.
        var picture = ImageSource.FromBytes(new byte[] { 1, 2, 3 }, "picture");
        var example = VisionExample.Ask("rich", "what?", new TextTarget("y"), picture);
        var hinted = example with { Turns = [ChatTurn.System("Be brief."), ChatTurn.User(ChatPart.Image, "what? Hint: \"é\u2028\"")] };
        var rich = new ScoredGroup(
            new RolloutGroup(hinted,
            [
                new Completion([5, 7], "a", FinishReason.Length, CompletionSource.Policy) { LogProbs = [-0.1f, float.NegativeInfinity], PrefixTokens = 1 },
                new Completion([9], "b", FinishReason.Stop, CompletionSource.Policy) { LogProbs = [-1f / 3] },
                new Completion([4, 9], "y", FinishReason.Stop, CompletionSource.Demonstration),
            ]),
            [
                new CompletionScore([new RewardComponent("r", 0.1 + 0.2, 2, 3) { Minimum = -1.0 / 3 }, new RewardComponent("other", null)]),
                new CompletionScore([new RewardComponent("r", 4)]),
                new CompletionScore([new RewardComponent("r", 1)]) { SmoothedTotal = 1 / 3.0, Neutral = true },
            ]);
        var buffer = new ReplayBuffer { MaxReplays = 2 };
        buffer.Select([rich, Named("plain", [0, 2]), Named("equal", [2, 0])]);
        buffer.Select([Named("dull", [1, 1])]);
        var state = buffer.State.ToJsonString();

        var resumed = new ReplayBuffer { MaxReplays = 2 };
        resumed.Restore(JsonNode.Parse(state)!, id => id == "rich" ? example : VisionExample.Ask(id, "?", null));
        resumed.State.ToJsonString().Should().Be(state);
        for (var step = 0; step < 4; step++)
        {
            ScoredGroup[] dull = [Named("dull", [1, 1]), Named("duller", [0, 0])];
            var (kept, again) = (buffer.Select(dull), resumed.Select(dull));
            again.Skipped.Should().Equal(kept.Skipped);
            again.Groups.Select(g => g.Group.Example.Id).Should().Equal(kept.Groups.Select(g => g.Group.Example.Id));
            resumed.State.ToJsonString().Should().Be(buffer.State.ToJsonString());
            if (again.Groups.FirstOrDefault(g => g.Group.Example.Id == "rich") is { } replayed)
            {
                replayed.Group.Example.Target.Should().Be(example.Target, "it is looked up");
                replayed.Group.Example.Images.Should().Equal(picture);
                replayed.Group.Example.Turns.SelectMany(t => t.Parts).Select(p => p.Text).Should().Equal("Be brief.", null, "what? Hint: \"é\u2028\"");
                replayed.Totals.Should().Equal(rich.Totals);
                replayed.Group.Completions[0].LogProbs.Should().Equal(-0.1f, float.NegativeInfinity);
                replayed.Group.Completions[0].FinishReason.Should().Be(FinishReason.Length);
                replayed.Scores[0].Components.Should().Equal(rich.Scores[0].Components);
                replayed.Group.Completions.Select(c => c.Replayed).Should().Equal(true, true, false);
            }
        }
        resumed.Count.Should().Be(0, "all were replayed twice").And.Be(buffer.Count);
    }

    [Fact]
    public void A_buffer_state_that_does_not_fit_is_refused_and_changes_nothing()
    {
        var buffer = new ReplayBuffer();
        buffer.Select([Named("a", [0, 1]), Named("b", [0, 2])]);
        var state = buffer.State.ToJsonString();
        Refused(JsonNode.Parse(state)!, id => id == "a" ? VisionExample.Ask(id, "?", null) : null, "*example 'b'*found none*");
        Refused(JsonNode.Parse(state)!, id => VisionExample.Ask(id, "?", null, ImageSource.FromFile("x.png")), "*0 pictures*'b'*got 1*");
        Refused(JsonNode.Parse("{}")!, id => VisionExample.Ask(id, "?", null), "*replay buffer*other JSON*");
        Refused(JsonNode.Parse("[null]")!, id => VisionExample.Ask(id, "?", null), "*replay buffer*null*");
        Refused(JsonNode.Parse("[{}]")!, id => VisionExample.Ask(id, "?", null), "*replay buffer*other JSON*");
        var cut = JsonNode.Parse(state)!;
        cut[0]!["Scores"]!.AsArray().RemoveAt(0);
        Refused(cut, id => VisionExample.Ask(id, "?", null), "*2 completions with 1 scores*'b'*");
        buffer.State.ToJsonString().Should().Be(state);

        void Refused(JsonNode bad, Func<string, VisionExample?> example, string message)
            => buffer.Invoking(b => b.Restore(bad, example)).Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void A_smaller_buffer_keeps_the_most_worthy_of_what_was_saved()
    {
        var buffer = new ReplayBuffer();
        buffer.Select([Named("small", [0, 1]), Named("large", [0, 4])]);
        var smaller = new ReplayBuffer(capacity: 1);
        smaller.Restore(buffer.State, id => VisionExample.Ask(id, "?", null));
        smaller.Select([Named("dull", [1, 1])]).Groups[0].Group.Example.Id.Should().Be("large");
    }

    [Theory]
    [InlineData(60, 0)]      // limit 100, buffer 40: nothing up to 60
    [InlineData(70, -0.25)]
    [InlineData(100, -1)]
    [InlineData(130, -1)]
    public void Overlong_rollouts_pay_a_line_from_nothing_to_one(int tokens, double expected)
    {
        var group = new ScoredGroup(
            new RolloutGroup(TinyText.Example("a", "?", "y"), [Long(tokens, CompletionSource.Policy), Long(tokens, CompletionSource.Demonstration)]),
            [Scored.Score((Scored.Reward, 1)), Scored.Score((Scored.Reward, 1))]);
        var controlled = new OverlongShaping(100, 40, weight: 2).Control(group);
        controlled.Scores[0].Find(OverlongShaping.ComponentName)!.Value.Should().Be(expected);
        controlled.Scores[0].Total.Should().Be(1 + 2 * expected);
        controlled.Scores[1].Total.Should().Be(1, "a label is no rollout");
        controlled.Scores[1].Find(OverlongShaping.ComponentName)!.Value.Should().BeNull();
    }

    [Fact]
    public void A_rollout_that_was_cut_is_neutral()
    {
        var group = new ScoredGroup(
            new RolloutGroup(TinyText.Example("a", "?", "y"),
                [Long(3, CompletionSource.Policy) with { FinishReason = FinishReason.Length }, Long(3, CompletionSource.Policy), Long(3, CompletionSource.Demonstration)]),
            [Scored.Score((Scored.Reward, 1)), Scored.Score((Scored.Reward, 0)), Scored.Score((Scored.Reward, 1))]);
        new NeutralizeTruncated().Control(group).Scores.Select(s => s.Neutral).Should().Equal(true, false, false);
    }

    private static Completion Long(int tokens, CompletionSource source) => new(new int[tokens], "", FinishReason.Stop, source);

    private static ScoredGroup Named(string id, double[] rollouts, double? label = null)
        => Scored.Of([.. rollouts.Select(r => Scored.Score((Scored.Reward, r)))], label is { } y ? Scored.Score((Scored.Reward, y)) : null, id);
}
