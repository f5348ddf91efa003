using CsCheck;
using FluentAssertions;
using ViSurf.Core.Rewards.Algebra;
using Xunit;

namespace ViSurf.Core.Tests.Rewards.Algebra;

public sealed class MathEquivalenceTests
{
    [Theory]
    // Where we differ on purpose when asked for values: MathRuler says wrong to all of these.
    [InlineData("10/4", "5/2")]
    [InlineData("6/3", "2")]
    [InlineData("\\frac{10}{4}", "\\frac{5}{2}")]
    [InlineData("\\sqrt{2}", "2^{1/2}")]
    [InlineData("\\sqrt[3]{8}", "2")]
    [InlineData("x^{10}", "x^5*x^5")]
    [InlineData("\\sin(x)+y", "y+\\sin(x)")]
    public void By_value_the_form_does_not_matter_and_by_MathRuler_it_does(string answer, string truth)
    {
        MathEquivalence.AreEqual(answer, truth, MathGrading.Value).Should().BeTrue();
        MathEquivalence.AreEqual(answer, truth).Should().BeFalse();
    }

    [Theory]
    [InlineData("0.333", "1/3")]
    [InlineData("1.4142135", "\\sqrt{2}")]
    [InlineData("x^2+1", "x^2-1")]
    [InlineData("\\sqrt{x^2}", "x")] // not for negative x
    [InlineData("(1,2)", "(2,1)")]
    [InlineData("[0,1]", "(0,1)")]
    [InlineData("(1,2)", "(1,2,3)")]
    [InlineData("1/0", "2/0")]
    [InlineData("", "3")]
    [InlineData("12345678901234567890123", "12345678901234567890124/1")]
    public void Different_values_are_different_either_way(string answer, string truth)
    {
        MathEquivalence.AreEqual(answer, truth).Should().BeFalse();
        MathEquivalence.AreEqual(answer, truth, MathGrading.Value).Should().BeFalse();
    }

    [Theory]
    [InlineData("2(x+1)", "2x+2")]
    [InlineData("(a+b)^2", "a^2+2ab+b^2", false)] // "ab" is one name, as for the reference
    [InlineData("(a+b)^2", "a^2+2a*b+b^2")]
    [InlineData("\\frac{x^2-1}{x-1}", "x+1")]
    [InlineData("\\frac{3\\pi}{4}", "0.75\\pi")]
    [InlineData("3!", "6", false)] // an integer has to be written as one
    [InlineData("\\frac{1}{\\sqrt{2}}", "\\frac{\\sqrt{2}}{2}")]
    [InlineData("-(2-x)", "x-2")]
    [InlineData("2^3^2", "512", false)] // powers of powers are not looked at
    public void Formulas_are_evaluated(string answer, string truth, bool expected = true) => MathEquivalence.AreEqual(answer, truth).Should().Be(expected);

    [Fact]
    public void It_is_symmetric_for_fractions_of_whole_numbers_by_value_and_right_exactly_when_they_are_equal()
        => Gen.Select(Gen.Int[-20, 20], Gen.Int[1, 20], Gen.Int[-20, 20], Gen.Int[1, 20]).Sample((a, b, c, d) =>
        {
            var (x, y) = (FormattableString.Invariant($"{a}/{b}"), FormattableString.Invariant($"\\frac{{{c}}}{{{d}}}"));
            MathEquivalence.AreEqual(x, y, MathGrading.Value).Should().Be(a * d == c * b);
            MathEquivalence.AreEqual(y, x, MathGrading.Value).Should().Be(a * d == c * b);
        });

    [Fact]
    public void No_text_makes_it_throw()
    {
        var pieces = new[] { "\\frac", "\\sqrt", "{", "}", "(", ")", "[", "]", "^", "/", "1", "23", "x", "\\pi", "\\", ",", " ", "-", "!", "\\text{", "e", ".", "\\left", "%", "$", "=", "\uD800", "\\begin{", "_" };
        Gen.Int[0, pieces.Length - 1].Array[0, 14].Select(list => string.Concat(list.Select(i => pieces[i]))).Select(Gen.Enum<MathGrading>()).Sample((text, grading) =>
        {
            MathEquivalence.AreEqual(text, "\\frac{1}{2}", grading);
            MathEquivalence.AreEqual("x+1", text, grading);
            MathEquivalence.AreEqual(text, text, grading).Should().BeTrue();
        }, iter: 20_000);
    }

    [Fact]
    public void What_is_longer_than_any_answer_is_compared_as_it_is()
    {
        var sum = "1" + string.Concat(Enumerable.Repeat("+1", 2000));
        MathEquivalence.AreEqual(sum, "2001").Should().BeFalse();
        MathEquivalence.AreEqual(sum + " ", sum).Should().BeTrue();
    }
}
