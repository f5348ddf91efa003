using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rewards.Algebra;
using ViSurf.Core.Testing;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

/// <summary>Rewards of words, numbers, formulas, lengths and screens, by hand.</summary>
public sealed class AnswerRewardsTests
{
    [Theory]
    [InlineData("Golden_Retriever", 1, 1)]
    [InlineData("a golden retriever", 0, 1)]
    [InlineData("retriever", 0, 1)]
    [InlineData("", 0, 0)]
    public void A_class_is_named_and_containing_it_counts_only_when_asked_for(string answer, double exact, double contained)
    {
        var example = Some.Example("golden retriever");
        AnswerRewards.Classification().Score(example, Some.Thought("x", answer)).Should().Be(exact);
        AnswerRewards.Classification(acceptContained: true).Score(example, Some.Thought("x", answer)).Should().Be(contained);
    }

    [Fact]
    public void Labels_that_are_no_choice_no_number_and_no_yes_are_named()
    {
        Throws(AnswerRewards.Choice(), "neither", "*one letter from A to Z*'neither'*");
        Throws(AnswerRewards.YesNo(), "maybe", "*either yes or no*'maybe'*");
        Throws(AnswerRewards.Numeric(), "seven", "*a number*'seven'*");
        Throws(AnswerRewards.Count(), "2.5", "*whole number*'2.5'*");

        static void Throws(IRewardFunction reward, string label, string message)
            => reward.Invoking(r => r.Score(Some.Example(label), Some.Completion(""))).Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Theory]
    [InlineData("100", 1)]
    [InlineData("104", 1)]
    [InlineData("106", 0)]
    [InlineData("$1e2", 1)]
    [InlineData("one hundred", 0)]
    public void A_number_within_its_tolerance(string answer, double expected)
        => AnswerRewards.Numeric(absolute: 5).Score(Some.Example("100"), Some.Thought("", answer)).Should().Be(expected);

    [Fact]
    public void A_count_is_exact_or_close()
    {   // 3 of 4: 1 − 1/4. None of none: 1.
        var four = Some.Example("4");
        AnswerRewards.Count().Score(four, Some.Thought("", "3")).Should().Be(0);
        AnswerRewards.Count(exact: false).Score(four, Some.Thought("", "3")).Should().Be(0.75);
        AnswerRewards.Count(exact: false).Score(four, Some.Thought("", "1e300")).Should().Be(0);
        AnswerRewards.Count().Score(Some.Grounding(), Some.Thought("", "[]")).Should().Be(1);
        AnswerRewards.Count().Score(Some.Grounding(new Box(0, 0, 1, 1)), Some.Thought("", """[{"bbox_2d": [5, 5, 6, 6]}]""")).Should().Be(1);
    }

    [Theory]
    [InlineData("hello", 1)]
    [InlineData("HELLO ", 1)]
    [InlineData("hallo", 0.8)] // one of five letters
    [InlineData("hxyzo", 0)] // three of five: 0.6 is not below 0.5
    [InlineData("", 0)]
    public void ANLS_is_similarity_above_one_half(string answer, double expected)
        => TextRewards.Anls().Score(Some.Example(new AnswersTarget(["something else", "hello"])), Some.Thought("", answer)).Should().BeApproximately(expected, 1e-12);

    [Fact]
    public void ANLS_at_exactly_one_half_is_nothing()
        // Two of four letters differ: d = 0.5.
        => TextRewards.Anls().Score(Some.Example("abcd"), Some.Thought("", "abxy")).Should().Be(0);

    [Theory]
    [InlineData("100", "104.9", 1)]
    [InlineData("100", "105.1", 0)]
    [InlineData("0", "0.0", 1)]
    [InlineData("0", "0.01", 0)]
    [InlineData("50%", "0.5", 1)]
    [InlineData("50", "50%", 0)]
    [InlineData("Red", "red", 1)]
    [InlineData("-10", "10", 0)]
    public void Relaxed_accuracy_of_charts(string label, string answer, double expected)
        => TextRewards.Relaxed().Score(Some.Example(label), Some.Thought("", answer)).Should().Be(expected);

    [Fact]
    public void OCR_is_one_minus_the_normalised_distance()
    {   // "the cut" for "the cat": 1 of 7 letters, 1 of 2 words.
        var example = Some.Example("the cat");
        TextRewards.Ocr().Score(example, Some.Thought("", "the cut")).Should().BeApproximately(6.0 / 7, 1e-12);
        TextRewards.Ocr(words: true).Score(example, Some.Thought("", "the cut")).Should().Be(0.5);
        TextRewards.Ocr().Score(example, Some.Thought("", new string('x', 100) + "the cat")).Should().BeApproximately(7.0 / 107, 1e-12);
        TextRewards.Ocr().Score(example, Some.Thought("", "the cat" + new string('x', 1000))).Should().Be(0);
    }

    [Fact]
    public void Mathematics_pays_for_the_last_box()
    {
        var half = Some.Example("\\frac{1}{2}");
        Completion Say(string box) => Some.Completion($"<think>…</think> so \\boxed{{{box}}}");
        MathRewards.Accuracy().Score(half, Say("0.5")).Should().Be(1);
        MathRewards.Accuracy().Score(half, Say("2/4")).Should().Be(0);
        MathRewards.Accuracy(MathGrading.Value).Score(half, Say("2/4")).Should().Be(1);
        MathRewards.Accuracy(wrong: 0.1).Score(half, Say("1")).Should().Be(0.1);
        MathRewards.Accuracy(wrong: 0.1).Score(half, Some.Completion("0.5")).Should().Be(0);
        MathRewards.Tagged().Score(half, Some.Thought("", "1/2")).Should().Be(1);
        MathRewards.AnswerLine().Score(half, Some.Completion("Answer: 1/2")).Should().Be(1);
        MathRewards.AnswerLine().Score(half, Some.Completion("1/2")).Should().Be(-1);
        // 0.9 + 0.1; the format alone is 0.1.
        RewardPresets.EasyR1Math().Score(new RolloutGroup(half, [Say("0.5"), Say("7"), Some.Completion("\\boxed{0.5}")])).Totals.Should().Equal(1, 0.1, 0.9);
    }

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(512, 0.75, -0.25)] // half way along the cosine is half way between the ends
    [InlineData(1024, 0.5, -0.5)]
    [InlineData(5000, 0.5, -0.5)]
    public void Length_bends_right_and_wrong_answers_along_a_cosine(int tokens, double right, double wrong)
    {
        var reward = LengthRewards.Cosine(new ExactAnswerReward());
        reward.Score(Some.Example("a"), Some.Completion("a", tokens))!.Value.Should().BeApproximately(right, 1e-12);
        reward.Score(Some.Example("a"), Some.Completion("b", tokens))!.Value.Should().BeApproximately(wrong, 1e-12);
        (reward.Maximum, reward.Minimum).Should().Be((1, -0.5));
        reward.Score(Some.Grounding(), Some.Completion("b", tokens)).Should().BeNull();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(80, 0)]
    [InlineData(85, -0.25)]
    [InlineData(100, -1)]
    [InlineData(1000, -1)]
    public void Overlong_completions_are_punished_over_the_buffer(int tokens, double expected)
        => LengthRewards.Overlong(maximumTokens: 100, buffer: 20).Score(Some.Example("a"), Some.Completion("", tokens)).Should().Be(expected);

    [Fact]
    public void Repetition_is_the_share_of_runs_seen_before()
    {   // "a b a b a": pairs ab, ba, ab, ba → 2 of 4 are new.
        LengthRewards.Repetition(words: 2).Score(Some.Example("a"), Some.Completion("a b A b a")).Should().Be(-0.5);
        LengthRewards.RepeatedBoxes().Score(Some.Example("a"), Some.Completion("[1,2,3,4] [1,2,3,4] (5,6) [1, 2, 3, 5]")).Should().BeApproximately(-1.0 / 3, 1e-12);
        LengthRewards.Repetition().Score(Some.Example("a"), Some.Completion("too short")).Should().Be(0);
    }

    [Fact]
    public void A_point_on_the_screen()
    {
        var button = Some.Grounding(new Box(10, 10, 20, 20));
        foreach (var (text, first, any) in new[] { ("[15, 15]", 1, 1), ("(20, 10)", 1, 1), ("[10, 10, 20, 20]", 1, 1), ("[50, 50] [15, 15]", 0, 1), ("[21, 15]", 0, 0), ("here", 0, 0) })
        {
            GuiRewards.PointInBox().Score(button, Some.Thought("", text)).Should().Be(first, text);
            GuiRewards.PointInBox(anyCounts: true).Score(button, Some.Thought("", text)).Should().Be(any, text);
        }
    }

    [Theory]
    [InlineData("click", 240, 100, "no input text", "click", 0)] // exactly 140 away is not near
    [InlineData("click", 239, 100, "no input text", "click", 1)]
    [InlineData("type", 239, 100, "x", "click", 0)]
    [InlineData("click", 500, 510, "no input text", "area", 0)] // the edge is not inside
    [InlineData("click", 501, 510, "no input text", "area", 1)]
    [InlineData("type", 0, 0, "good morning all", "type", 1)] // two of three words, two of two: 0.8
    [InlineData("type", 0, 0, "good evening to you all", "type", 0)]
    [InlineData("press_back", 0, 0, "", "press_back", 1)]
    public void A_step_on_the_screen(string action, int x, int y, string text, string label, double expected)
    {
        var target = label switch
        {
            "click" => new GuiActionTarget("click", Point: new PixelPoint(100, 100)),
            "area" => new GuiActionTarget("click", Area: new Box(500, 500, 520, 520)),
            "type" => new GuiActionTarget("type", Text: "good morning"),
            _ => new GuiActionTarget("press_back"),
        };
        GuiRewards.Action().Score(Some.Example(target), Some.Completion($$"""<answer>[{"action": "{{action}}", "point": [{{x}}, {{y}}], "input_text": "{{text}}"}]</answer>""")).Should().Be(expected);
    }

    [Fact]
    public void Masks_are_compared_by_their_runs()
    {   // Label: 4 of 8 pixels; predicted: 2 of those 4 → 2/4.
        var example = Some.Example(new MaskTarget(new RunLengthMask(8, 1, [0, 4, 4])));
        var half = Some.Thought("", """{"size": [8, 1], "counts": [0, 2, 6]}""");
        MaskRewards.Iou().Score(example, half).Should().Be(0.5);
        MaskRewards.Iou(soft: true).Score(example, half).Should().Be(0.75);
        MaskRewards.Iou((_, _) => new RunLengthMask(8, 1, [4, 4])).Score(example, half).Should().Be(0);
        var nothing = Some.Example(new MaskTarget(new RunLengthMask(8, 1, [8])));
        MaskRewards.Iou().Score(nothing, Some.Label(nothing)).Should().Be(1);
        MaskRewards.Iou(emptyMatchesEmpty: false).Score(nothing, Some.Label(nothing)).Should().Be(0);
    }
}
