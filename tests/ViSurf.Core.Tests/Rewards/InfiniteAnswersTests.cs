using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Rewards.Algebra;
using ViSurf.Core.Testing;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

/// <summary>
/// Infinity is no answer. |p − q| ≤ 1e-11 · max(|p|, |q|) holds for every q where p is infinite, so that one constant string was right
/// for most of a set.
/// </summary>
public sealed class InfiniteAnswersTests
{
    private static readonly string[] Infinite =
        ["0^{-1}", "-0^-1", "9**9**9**9", "9^9^9^9", "9^{9^{9}}", "1e308*10", "1e308+1e308", "1/0", "1/0^{999}", "exp(10000)",
            "exp(x^2+10000)", string.Concat(Enumerable.Repeat("9!", 400)), "170!170!", "0^{0^{-1}}", "5/9^9^9^9", "exp(0-1/0)",
                "exp(-9^9^9^9)"];

    private static readonly string[] Truths =
        ["0.5", "\\frac{1}{2}", "x^2+1", "\\sqrt{2}", "3.14", "2\\pi", "A", "42", "-7", "0", "(1, 2)", "10^{12}", "x",
            "\\frac{\\sqrt{3}}{2}", "1e300"];

    [Fact]
    public void A_value_that_is_not_finite_equals_no_answer()
    {
        foreach (var grading in Enum.GetValues<MathGrading>())
            foreach (var answer in Infinite)
                foreach (var truth in Truths)
                {
                    MathEquivalence.AreEqual(answer, truth, grading).Should().BeFalse("{0} is not {1} ({2})", answer, truth, grading);
                    MathEquivalence.AreEqual(truth, answer, grading).Should().BeFalse("{1} is not {0} ({2})", answer, truth, grading);
                }
    }

    [Fact]
    public void Two_of_them_are_equal_only_where_they_are_written_alike()
    {
        foreach (var grading in Enum.GetValues<MathGrading>())
        {
            MathEquivalence.AreEqual("9**9**9**9", "0^{-1}", grading).Should().BeFalse();
            MathEquivalence.AreEqual("\\infty", "\\infty", grading).Should().BeTrue();
            MathEquivalence.AreEqual("(0, \\infty)", "(0,\\infty)", grading).Should().BeTrue();
            // Large numbers stay numbers: exact where they are fractions.
            MathEquivalence.AreEqual("10^{9}*10^{9}", "10^{18}", MathGrading.Value).Should().BeTrue();
        }
    }

    [Theory]
    [InlineData("EasyR1Math")]
    [InlineData("EasyR1Vision")]
    [InlineData("SegZeroMath")]
    [InlineData("DapoMath")]
    public void No_preset_for_mathematics_pays_for_one(string preset)
    {
        RewardSuite suite = preset switch
        {
            "EasyR1Math" => RewardPresets.EasyR1Math(),
            "EasyR1Vision" => RewardPresets.EasyR1Vision(),
            "SegZeroMath" => RewardPresets.SegZeroMath(),
            _ => RewardPresets.DapoMath(1000, 100),
        };
        foreach (var answer in Infinite)
            foreach (var truth in Truths)
                foreach (var text in new[] { $"<think>a</think>\\boxed{{{answer}}}", $"<think>a</think><answer>{answer}</answer>",
                    $"Answer: {answer}" })
                    suite.Score(Some.Group(Some.Example(truth), text)).Scores[0].Components[0].Value.Should()
                        .BeLessThanOrEqualTo(0.1, "{0} is not {1}", text, truth);
    }

    [Fact]
    public void Tolerances_that_are_shares_of_the_label_reach_no_further_than_numbers()
    {
        foreach (var label in new[] { "1e308", "-1e308", "5", "0" })
            foreach (var answer in new[] { "1e400", "-1e400", "Infinity", "NaN", "∞", "9e999" })
            {
                TextRewards.Relaxed().Score(Some.Example(label), Some.Completion(answer)).Should().Be(0, "{0} is not {1}", answer, label);
                AnswerRewards.Numeric(relative: 0.05).Score(Some.Example(label), Some.Completion(answer)).Should()
                    .Be(0, "{0} is not {1}", answer, label);
            }
        // 2 · 1e308 is infinite: a share of 2 must not make everything right.
        AnswerRewards.Numeric(relative: 2).Score(Some.Example("1e308"), Some.Completion("-5")).Should().Be(0);
        TextRewards.Relaxed(2).Score(Some.Example("1e308"), Some.Completion("-5")).Should().Be(0);
        TextRewards.Relaxed().Score(Some.Example("100"), Some.Completion("105")).Should().Be(1);
        AnswerRewards.Numeric().Score(Some.Example("0"), Some.Completion("-0")).Should().Be(1);
    }

    [Fact]
    public void Thresholds_that_are_no_numbers_are_refused_where_they_are_set()
    {
        foreach (var value in new[] { double.NaN, double.PositiveInfinity })
        {
            Refused(() => TextRewards.Relaxed(value));
            Refused(() => AnswerRewards.Numeric(absolute: value));
            Refused(() => AnswerRewards.Numeric(relative: value));
            Refused(() => new DetectionOptions { MinimumOverlap = value });
            Refused(() => new GroundingAccuracyReward { MinimumOverlap = value });
            Refused(() => new GroundingAccuracyReward { MaximumBoxDistance = value });
            Refused(() => new GroundingAccuracyReward { MaximumPointDistance = value });
            Refused(() => GuiRewards.Action(value));
            Refused(() => ReferringRewards.Iou(value));
        }

        static void Refused(Func<object> make) => make.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Rewards_too_large_to_be_compared_are_refused_by_name()
    {
        var suite = new RewardSuite().With(RewardFunction.From("large", (_, _) => 1e308, maximum: 1e308))
            .With(RewardFunction.From("larger", (_, _) => 1e308, maximum: 1e308));
        suite.Invoking(s => s.Score(Some.Group(Some.Unlabelled(id: "seven"), "a", "b"))).Should().Throw<InvalidOperationException>()
            .WithMessage("Expected the rewards of example 'seven', completion 0, and their total to lie within ±1E+150, "
                + "got the total * of 1 · large 1E+308 + 1 · larger 1E+308.*");
    }
}
