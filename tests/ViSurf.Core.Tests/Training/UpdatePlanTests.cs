using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Objectives;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class UpdatePlanTests
{
    // Group 0: rollouts of 2 and 3 tokens and a label of 4. Group 1: rollouts of 5 and 6, no label, nothing to learn.
    private static readonly ScoredGroup[] Groups =
    [
        Group("a", (2, CompletionSource.Policy), (3, CompletionSource.Policy), (4, CompletionSource.Demonstration)),
        Group("b", (5, CompletionSource.Policy), (6, CompletionSource.Policy)),
    ];

    [Fact]
    public void Weights_are_a_mean_over_each_group_and_then_over_prompts()
    {
        var rows = UpdatePlan.RowsOf(Groups, [[1, -1, 0.5], [0, 0]]);
        rows.Select(r => r.Weight).Should().Equal(1 / 6.0, 1 / 6.0, 1 / 6.0, 1 / 4.0, 1 / 4.0);
        rows.Sum(r => r.Weight).Should().BeApproximately(1, 1e-12);
        rows.Select(r => (r.PromptIndex, r.Tokens, r.Advantage, r.IsDemonstration)).Should()
            .Equal((0, 2, 1, false), (0, 3, -1, false), (0, 4, 0.5, true), (1, 5, 0, false), (1, 6, 0, false));
    }

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 3)]
    public void The_scale_counts_the_whole_step_also_when_a_neutral_group_is_left_out(bool skip, int rows)
    {
        var plan = UpdatePlan.Create(UpdatePlan.RowsOf(Groups, [[1, -1, 0.5], [0, 0]]), [7, 7], new MicroBatcher(1000), maxNewTokens: 6, skip);
        plan.Rows.Should().HaveCount(rows);
        plan.Scale.Should().Be(new LossScale(Tokens: 20, DemonstrationTokens: 4, Sequences: 5, Demonstrations: 1, MaxNewTokens: 6));
    }

    [Fact]
    public void A_neutral_label_stays_in_a_group_that_still_learns_from_its_rollouts()
        => UpdatePlan.Create(UpdatePlan.RowsOf(Groups, [[1, -1, 0], [0, 0]]), [7, 7], new MicroBatcher(1000), 6, skipNeutralGroups: true)
            .Rows.Should().HaveCount(3);

    [Fact]
    public void The_samplers_log_probabilities_go_to_the_rollouts_and_never_to_the_label()
    {
        var drawn = Groups.Select(group => With(group, (completion, label) => label ? completion : completion with { LogProbs = new float[completion.TokenIds.Count] })).ToArray();
        UpdatePlan.RowsOf(drawn, [[1, -1, 0], [0, 0]]).Select(r => r.SamplerLogProbs?.Count).Should().Equal(2, 3, null, 5, 6);
        // A replayed rollout was drawn by other weights: its log-probabilities are π_old, and no measure of drift.
        var replayed = drawn.Select(group => With(group, (completion, label) => completion with { Replayed = !label })).ToArray();
        var rows = UpdatePlan.RowsOf(replayed, [[1, -1, 0], [0, 0]]);
        rows.Should().OnlyContain(r => r.SamplerLogProbs == null);
        rows.Select(r => r.ReplayedLogProbs?.Count).Should().Equal(2, 3, null, 5, 6);
    }

    [Fact]
    public void A_group_that_is_left_out_weighs_nothing_and_counts_nowhere()
    {
        ScoredGroup[] groups = [Groups[0], Groups[1] with { Group = Groups[1].Group with { Completions = [] }, Scores = [] }];
        var plan = UpdatePlan.Create(UpdatePlan.RowsOf(groups, [[1, -1, 0.5], []]), [7, 7], new MicroBatcher(1000), 6, skipNeutralGroups: false);
        plan.Rows.Select(r => r.Weight).Should().Equal(1 / 3.0, 1 / 3.0, 1 / 3.0);
        plan.Scale.Should().Be(new LossScale(9, 4, 3, 1, 6));
    }

    [Fact]
    public void Tokens_of_a_prefix_count_as_the_labels()
    {
        var groups = Groups.Select(group => With(group, (completion, label) => label ? completion : completion with { PrefixTokens = 1 })).ToArray();
        var plan = UpdatePlan.Create(UpdatePlan.RowsOf(groups, [[1, -1, 0.5], [0, 0]]), [7, 7], new MicroBatcher(1000), 6, skipNeutralGroups: false);
        plan.Scale.Should().Be(new LossScale(20, 8, 5, 1, 6) { Prefixed = 4 });
    }

    private static ScoredGroup With(ScoredGroup group, Func<Completion, bool, Completion> change) => group with
    {
        Group = group.Group with { Completions = [.. group.Group.Completions.Select((c, i) => change(c, group.IsDemonstration(i)))] },
    };

    private static ScoredGroup Group(string id, params (int Tokens, CompletionSource Source)[] rows) => new(
        new RolloutGroup(TinyText.Example(id, id), [.. rows.Select(r => new Completion(new int[r.Tokens], "", FinishReason.Stop, r.Source))]),
        [.. rows.Select(_ => new CompletionScore([]))]);
}
