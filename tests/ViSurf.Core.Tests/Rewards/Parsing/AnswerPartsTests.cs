using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Parsing;
using Xunit;

namespace ViSurf.Core.Tests.Rewards.Parsing;

/// <summary>The parts of answers: letters, yes and no, numbers, boxes in brackets, boxed formulas.</summary>
public sealed class AnswerPartsTests
{
    [Theory]
    [InlineData("B", 'B')]
    [InlineData("(b)", 'B')]
    [InlineData("**C**.", 'C')]
    [InlineData("B. a red square", 'B')]
    [InlineData("B. A red square", 'B')] // "A red" is an article
    [InlineData("I think it is D", 'D')]
    [InlineData("Not A; the answer is (B).", 'B')]
    [InlineData("A, B or C", null)]
    [InlineData("A. red B. blue C. green", null)]
    [InlineData("The answer is a cat", null)]
    [InlineData("ABC", null)]
    [InlineData("X-ray", null)]
    [InlineData("\u0412", null)] // a Cyrillic В
    [InlineData("", null)]
    public void The_letter_of_a_choice(string answer, char? expected) => ChoiceText.Letter(answer).Should().Be(expected);

    [Fact]
    public void Letters_beyond_the_last_choice_are_none() => ChoiceText.Letter("It is E", last: 'D').Should().BeNull();

    [Theory]
    [InlineData("Yes.", true)]
    [InlineData("no, there is nothing", false)]
    [InlineData("Yes, there is no doubt", null)]
    [InlineData("nothing, not a yesterday", null)]
    [InlineData("", null)]
    public void Yes_or_no(string answer, bool? expected) => ChoiceText.YesNo(answer).Should().Be(expected);

    [Fact]
    public void The_first_of_yes_and_no_may_decide() => ChoiceText.YesNo("Yes, there is no doubt", firstCounts: true).Should().BeTrue();

    [Theory]
    [InlineData("1,234.5", 1234.5)]
    [InlineData(" -$3.", -3.0)]
    [InlineData("+7", 7.0)]
    [InlineData("45%", 45.0)]
    [InlineData("1e3", 1000.0)]
    [InlineData(".5", 0.5)]
    [InlineData("1,23", null)]
    [InlineData("1,234,56", null)]
    [InlineData("1.5,000", null)]
    [InlineData("0,5", null)]
    [InlineData("NaN", null)]
    [InlineData("Infinity", null)]
    [InlineData("1e999", null)]
    [InlineData("--1", null)]
    [InlineData("\uFF11", null)] // a full-width 1
    [InlineData("3 cats", null)]
    [InlineData("", null)]
    public void Numbers(string text, double? expected) => (NumberText.TryParse(text, out double value) ? value : (double?)null).Should().Be(expected);

    [Fact]
    public void Every_number_that_is_written_is_read()
        => Gen.Double[-1e15, 1e15].Sample(number => (NumberText.TryParse(number.ToString("R", System.Globalization.CultureInfo.InvariantCulture), out double read) ? read : double.NaN).Should().Be(number));

    [Theory]
    [InlineData("[1, 2, 3, 4]", "1 2 3 4")]
    [InlineData("{\"bbox_2d\": [ 1.5 ,-2,3,4 ]}", "1.5 -2 3 4")]
    [InlineData("<box>(1,2),(3,4)</box>", "1 2 3 4")]
    [InlineData("[[1, 2], [3, 4]]", "1 2 3 4")]
    [InlineData("(1,2) and (3,4)", null)]
    [InlineData("[1, 2, 3] [5, 6, 7, 8]", "5 6 7 8")]
    [InlineData("[1, 2, 3, 4, 5]", null)]
    [InlineData("[1, 2, 3, 4)", null)]
    [InlineData("[1e3, 2, 3, 4]", null)] // no exponents in pixels
    [InlineData("[9999999999, 2, 3, 4]", null)]
    [InlineData("[NaN, 2, 3, 4]", null)]
    public void The_first_box_in_brackets(string text, string? expected)
        => (Brackets.FirstBox(text) is { } b ? FormattableString.Invariant($"{b.X1} {b.Y1} {b.X2} {b.Y2}") : null).Should().Be(expected);

    [Fact]
    public void Brackets_are_found_as_a_pattern_finds_them()
    {
        var pieces = new[] { "[", "]", "(", ")", "1", "23", ",", " ", "-4", "a", "." };
        Gen.Int[0, pieces.Length - 1].Array[0, 20].Select(list => string.Concat(list.Select(i => pieces[i]))).Sample(text =>
        {
            const string Number = @"\s*-?(\d+\.?\d*|\.\d+)\s*";
            var pattern = $@"\[{Number},{Number}(,{Number},{Number})?\]|\({Number},{Number}(,{Number},{Number})?\)";
            var (points, boxes) = Brackets.All(text);
            (points.Count + boxes.Count).Should().Be(System.Text.RegularExpressions.Regex.Count(text, pattern), text);
        }, iter: 20_000);
    }

    [Theory]
    [InlineData("\\boxed{1} and \\boxed{x^{2}}", "x^{2}")]
    [InlineData("\\boxed{ 7 }", "7")]
    [InlineData("\\boxed{1} \\boxed{2", null)]
    [InlineData("boxed{1}", null)]
    public void The_last_box(string text, string? expected) => BoxedText.Last(text).Should().Be(expected);

    [Theory]
    [InlineData("<think>a</think> so \\boxed{1}", true)]
    [InlineData("< think >a< / think >\\boxed{}!", true)]
    [InlineData("<think>a \\boxed{1}</think>", false)]
    [InlineData("\\boxed{1}", false)]
    [InlineData("a<think></think>\\boxed{1}", false)]
    [InlineData("<think>a</think></think>\\boxed{1", false)]
    public void Thoughts_and_then_a_box(string text, bool expected) => BoxedText.IsThinkThenBoxed(text).Should().Be(expected);

    [Fact]
    public void Thoughts_and_a_box_are_found_as_by_the_pattern_of_EasyR1()
    {
        var pieces = new[] { "<think>", "</think>", "\\boxed{", "}", " ", "<", "/", ">", "think", "a" };
        Gen.Int[0, pieces.Length - 1].Array[0, 9].Select(list => "<think>" + string.Concat(list.Select(i => pieces[i]))).Sample(text =>
        {
            var squeezed = System.Text.RegularExpressions.Regex.Replace(text, @"\s*(<|>|/)\s*", "$1");
            var expected = System.Text.RegularExpressions.Regex.IsMatch(squeezed, @"\A<think>.*</think>.*\\boxed\{.*\}.*\z", System.Text.RegularExpressions.RegexOptions.Singleline);
            BoxedText.IsThinkThenBoxed(text).Should().Be(expected, text);
        }, iter: 20_000);
    }

    [Theory]
    [InlineData("<think>x</think> 7 ", "7")]
    [InlineData("<answer> 7 </answer> 8", "7")]
    [InlineData("7", "7")]
    public void The_answer_is_the_block_or_what_follows_the_thoughts(string text, string expected)
    {
        AnswerText.TryFind(text, acceptBareText: true, out var answer).Should().BeTrue();
        answer.ToString().Should().Be(expected);
        AnswerText.TryFind(text, acceptBareText: false, out _).Should().Be(text.Contains("<answer>", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("so\n**Answer:** 1\nAnswer: 42 \nbye", "42")]
    [InlineData("ANSWER:7", "7")]
    [InlineData("the answer is 7", null)]
    public void The_answer_line(string text, string? expected) => AnswerText.AfterAnswerColon(text).Should().Be(expected);

    [Fact]
    public void An_answer_line_far_from_the_end_is_none() => AnswerText.AfterAnswerColon("Answer: 7\n" + new string('x', 300)).Should().BeNull();
}
