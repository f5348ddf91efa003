using FluentAssertions;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.RewardControl;

public sealed class DropComponentTests
{
    [Fact]
    public void The_label_loses_the_component_and_the_rollouts_keep_theirs()
    {
        var score = Scored.Score(("thinking_format", 1), ("accuracy", 3));
        var dropped = new DropComponent("thinking_format").Control(Scored.Of([score, score], score));
        dropped.Totals.Should().Equal(4, 4, 3);
        dropped.Scores[0].Should().Be(score);
        dropped.Scores[2].Components.Select(c => (c.Name, c.Value)).Should().Equal(("thinking_format", 0), ("accuracy", 3));
    }

    [Fact]
    public void Weight_and_maximum_stay_for_reports()
    {
        var label = new CompletionScore([new RewardComponent("a", 2, Weight: 0.5, Maximum: 4)]);
        new DropComponent("a").Control(Scored.Of([], label)).Scores[0].Components.Should().Equal(new RewardComponent("a", 0, 0.5, 4));
    }

    [Fact]
    public void A_component_that_does_not_apply_stays_so()
        => new DropComponent("a").Control(Scored.Of([], Scored.Score(("a", null)))).Scores[0].Find("a")!.Value.Should().BeNull();

    [Fact]
    public void A_group_without_a_label_needs_no_component()
        => new DropComponent("a").Control(Scored.Group([1, 2])).Totals.Should().Equal(1, 2);

    [Fact]
    public void A_misspelt_name_is_an_error_that_lists_the_names_there_are()
        => new DropComponent("thinking").Invoking(d => d.Control(Scored.Of([], Scored.Score(("thinking_format", 1), ("accuracy", 3)), id: "row 3")))
            .Should().Throw<InvalidOperationException>()
            .WithMessage("*'thinking'*'row 3'*[thinking_format, accuracy]*Correct the name, or say required: false.");

    [Fact]
    public void A_component_that_is_not_required_may_be_missing()
        => new DropComponent("thinking", required: false).Control(Scored.Group([0], 3)).Totals.Should().Equal(0, 3);

    [Fact]
    public void A_blank_name_is_refused()
        => FluentActions.Invoking(() => new DropComponent(" ")).Should().Throw<ArgumentException>().WithMessage("Expected name to be a non-blank text*");
}
