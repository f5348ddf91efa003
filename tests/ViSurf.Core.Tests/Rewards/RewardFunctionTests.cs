using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

public sealed class RewardFunctionTests
{
    private static readonly VisionExample Example = VisionExample.Ask("a", "?", null);

    /// <summary>The completion's text as a number; empty does not apply.</summary>
    private static readonly IRewardFunction Number = RewardFunction.From(
        "number", (_, c) => c.Text.Length == 0 ? null : double.Parse(c.Text, System.Globalization.CultureInfo.InvariantCulture), maximum: 8);

    [Fact]
    public void A_lambda_is_a_reward_with_a_name_and_a_maximum()
    {
        (Number.Name, Number.Maximum).Should().Be(("number", 8));
        Score(Number, "2.5").Should().Be(2.5);
        Score(Number, "").Should().BeNull();
        RewardFunction.From("always", (_, _) => 1.0).Maximum.Should().Be(1);
    }

    [Fact]
    public void Scaling_multiplies_value_and_maximum_and_keeps_the_name()
    {
        var scaled = Number.Scaled(0.25);
        (scaled.Name, scaled.Maximum, Score(scaled, "6"), Score(scaled, "")).Should().Be(("number", 2, 1.5, null));
    }

    [Theory]
    [InlineData("-1", 0)]
    [InlineData("0.5", 0.5)]
    [InlineData("3", 2)]
    public void Clamping_moves_what_is_outside_to_the_bound(string text, double expected)
        => Score(Number.Clamped(0, 2), text).Should().Be(expected);

    [Fact]
    public void Clamping_bounds_the_maximum_and_leaves_alone_what_does_not_apply_or_is_no_number()
    {
        Number.Clamped(0, 2).Maximum.Should().Be(2);
        Number.Clamped(0, 20).Maximum.Should().Be(8);
        Score(Number.Clamped(0, 2), "").Should().BeNull();
        Score(Number.Clamped(0, 2), "NaN").Should().Be(double.NaN);
    }

    [Fact]
    public void Decorators_come_in_the_order_they_are_written()
    {   // clamp(6 · 0.5, 0, 2) = 2; clamp(6, 0, 2) · 0.5 = 1.
        Score(Number.Scaled(0.5).Clamped(0, 2), "6").Should().Be(2);
        Score(Number.Clamped(0, 2).Scaled(0.5), "6").Should().Be(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void A_factor_that_is_not_positive_is_refused(double factor)
        => Number.Invoking(n => n.Scaled(factor)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("Expected factor > 0*");

    [Theory]
    [InlineData(2, 1)]
    [InlineData(double.NaN, 1)]
    public void Bounds_in_the_wrong_order_are_refused(double low, double high)
        => Number.Invoking(n => n.Clamped(low, high)).Should().Throw<ArgumentException>().WithMessage("Expected low <= high*");

    [Fact]
    public void Nothing_is_no_reward()
    {
        FluentActions.Invoking(() => RewardFunction.From("a", (Func<VisionExample, Completion, double?>)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => RewardFunction.From("a", (Func<VisionExample, Completion, double>)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => ((IRewardFunction)null!).Scaled(1)).Should().Throw<ArgumentNullException>();
    }

    private static double? Score(IRewardFunction reward, string text) => reward.Score(Example, Completion.OfText(text));
}
