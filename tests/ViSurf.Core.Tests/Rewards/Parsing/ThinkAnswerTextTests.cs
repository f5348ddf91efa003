using System.Text.RegularExpressions;
using CsCheck;
using FluentAssertions;
using ViSurf.Core.Rewards.Parsing;
using Xunit;

namespace ViSurf.Core.Tests.Rewards.Parsing;

/// <summary>The linear scans against the backtracking patterns of the reference, on texts short enough for those.</summary>
public sealed partial class ThinkAnswerTextTests
{
    // Python's fullmatch with DOTALL, and the search for the answer.
    [GeneratedRegex(@"\A<think>.*?</think>\s*<answer>.*?</answer>\z", RegexOptions.Singleline)]
    private static partial Regex ThinkThenAnswer();

    [GeneratedRegex(@"<answer>\s*(.*?)\s*</answer>", RegexOptions.Singleline)]
    private static partial Regex Answer();

    /// <summary>Texts out of tags, parts of tags, blanks and letters: most of the interesting ones come up.</summary>
    private static readonly Gen<string> Texts = Gen.OneOf(
        "<think>", "</think>", "<answer>", "</answer>", "<think>", "</think>", "<answer>", "</answer>", " ", "\n", "x", "<", "</", "answer>")
        .Array[0, 10].Select(parts => string.Concat(parts));

    [Fact]
    public void The_format_of_thoughts_is_the_full_match_of_the_reference()
        => Texts.Sample(text => ThinkAnswerText.IsThinkThenAnswer(text).Should().Be(ThinkThenAnswer().IsMatch(text), text), iter: 20_000);

    [Fact]
    public void Texts_that_begin_and_end_well_agree_with_the_reference_too()
        => Texts.Select(text => "<think>" + text + "</answer>")
            .Sample(text => ThinkAnswerText.IsThinkThenAnswer(text).Should().Be(ThinkThenAnswer().IsMatch(text), text), iter: 20_000);

    [Fact]
    public void The_answer_is_what_the_reference_finds()
        => Texts.Sample(text =>
        {
            var match = Answer().Match(text);
            ThinkAnswerText.Answer(text).Should().Be(match.Success ? match.Groups[1].Value : null, text);
        }, iter: 20_000);

    [Theory]
    [InlineData("<think>a</think><answer>b</answer>", true)]
    [InlineData("<think>a</think>\r\n\t <answer>b</answer>", true)]
    [InlineData("<think>a</think>\u00a0\u2003<answer>b</answer>", true)] // Python's \s knows Unicode blanks…
    [InlineData("<think>a</think>\u001c\u001f<answer>b</answer>", true)] // …and the ASCII separators, which char.IsWhiteSpace does not.
    [InlineData("<think>a</think>\u200b<answer>b</answer>", false)] // A zero-width space is no blank for either.
    [InlineData("<think>a</think>.<answer>b</answer>", false)]
    [InlineData("<think>a</think><answer>b</answer>\n", false)]
    [InlineData(" <think>a</think><answer>b</answer>", false)]
    [InlineData("<think></answer>", false)]
    [InlineData("<THINK>a</THINK><answer>b</answer>", false)]
    public void Only_blanks_may_stand_between_the_blocks_and_nothing_around_them(string text, bool expected)
        => ThinkAnswerText.IsThinkThenAnswer(text).Should().Be(expected);

    [Fact]
    public void The_first_answer_counts_without_the_blanks_at_its_ends()
    {
        ThinkAnswerText.Answer("<answer>\u001c a b \n</answer><answer>c</answer>").Should().Be("a b");
        ThinkAnswerText.Answer("<answer> </answer>").Should().BeEmpty();
        ThinkAnswerText.Answer("</answer><answer>open").Should().BeNull();
    }
}
