using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

/// <summary>Rewards that read words: exact answers, repetition, the form of thoughts.</summary>
public sealed class TextRewardsTests
{
    [Theory]
    [InlineData("<answer>Red Square</answer>", 1)]
    [InlineData("<think>hm</think><answer>\n red \t SQUARE </answer> so there", 1)]
    [InlineData("  red\u00a0square\n", 1)]
    [InlineData("<answer>redsquare</answer>", 0)]
    [InlineData("<answer>a red square</answer>", 0)]
    [InlineData("<answer></answer>", 0)]
    [InlineData("red square <answer>blue</answer>", 0)]
    [InlineData("<answer>blue</answer><answer>red square</answer>", 0)]
    [InlineData("", 0)]
    public void An_answer_is_right_when_it_equals_the_label_but_for_case_and_blanks(string completion, double expected)
        => new ExactAnswerReward().Score(Text(" Red  square"), Completion.OfText(completion)).Should().Be(expected);

    [Fact]
    public void A_bare_answer_may_be_refused()
    {
        var strict = new ExactAnswerReward { AcceptBareText = false };
        strict.Score(Text("7"), Completion.OfText("7")).Should().Be(0);
        strict.Score(Text("7"), Completion.OfText("<answer>7</answer>")).Should().Be(1);
    }

    [Fact]
    public void Its_worth_may_equal_that_of_a_grounding_row()
    {
        var reward = new ExactAnswerReward(5);
        (reward.Maximum, reward.Score(Text("7"), Completion.OfText("7"))).Should().Be((5, 5));
        FluentActions.Invoking(() => new ExactAnswerReward(0)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void It_applies_to_labels_in_words_only()
    {
        new ExactAnswerReward().Score(VisionExample.Ask("a", "?", new GroundingTarget([])), Completion.OfText("[]")).Should().BeNull();
        new ExactAnswerReward().Score(VisionExample.Ask("a", "?", null), Completion.OfText("7")).Should().BeNull();
    }

    [Fact]
    public void A_blank_label_is_a_malformed_row_not_a_low_score()
        => FluentActions.Invoking(() => new ExactAnswerReward().Score(Text(" \n"), Completion.OfText("7")))
            .Should().Throw<InvalidDataException>().WithMessage("*at least one visible character*");

    [Theory]
    [InlineData("One. Two. One.", 1)] // one repeat
    [InlineData("One. One. One.", 0)] // two
    [InlineData("One. Two. One. Two", 0)] // two of different sentences
    [InlineData("One. one. ONE.", 1)] // case tells them apart
    [InlineData("One.  One .\nOne\n", 0)] // blanks do not
    [InlineData("......  . .", 1)] // blank sentences do not count
    [InlineData("3.14 and 3.14 and 3.14", 1)] // "3", "14 and 3" twice, "14": one repeat
    [InlineData("", 1)]
    public void Two_repeated_sentences_cost_the_non_repeat_mark(string text, double expected)
        => new NonRepeatReward().Score(Text("7"), Completion.OfText(text)).Should().Be(expected);

    [Fact]
    public void Thoughts_and_repetition_are_judged_for_every_kind_of_label()
    {
        foreach (var target in new Target?[] { new TextTarget("7"), new GroundingTarget([]), null })
        {
            var example = VisionExample.Ask("a", "?", target);
            new ThinkingFormatReward().Score(example, Completion.OfText("<think></think><answer></answer>")).Should().Be(1);
            new ThinkingFormatReward().Score(example, Completion.OfText("<answer></answer>")).Should().Be(0);
            new NonRepeatReward().Score(example, Completion.OfText("a.a.a")).Should().Be(0);
        }
    }

    private static VisionExample Text(string label) => VisionExample.Ask("a", "?", new TextTarget(label));
}
