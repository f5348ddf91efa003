using CsCheck;
using FluentAssertions;
using ViSurf.Core.Reporting.Charts;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Reporting.Charts;

public sealed class AxisTests
{
    private static readonly Gen<double> Values = Gen.OneOf(Gen.Double[-10, 10], Gen.Double[0, 1], Gen.Double[-1e-7, 1e-7], Gen.Double[-1e12, 1e12], Pick.From(0, double.MaxValue, double.MinValue, double.Epsilon, 5.0));

    [Fact]
    public void Marks_are_few_rising_and_told_apart_and_hold_every_value()
        => Gen.Select(Values.Array[1, 8], Pick.From(Enum.GetValues<ChartUnit>())).Sample((values, unit) =>
        {
            var axis = Axis.Of(values, unit);
            axis.High.Should().BeGreaterThan(axis.Low);
            axis.Ticks.Should().BeInAscendingOrder();
            axis.Ticks.Count.Should().BeInRange(2, 8);
            foreach (var value in values.Where(v => Math.Abs(v) < 1e200)) axis.At(value).Should().BeInRange(-1e-6, 1 + 1e-6);
            if (unit != ChartUnit.Share) axis.Ticks.Select(axis.Text).Should().OnlyHaveUniqueItems();
        });

    [Fact]
    public void Marks_are_round()
    {
        Axis.Of([1.3, 4.4], ChartUnit.Number).Ticks.Select(t => Math.Round(t, 9)).Should().Equal(1, 2, 3, 4, 5);
        Axis.Of([30, 96], ChartUnit.Amount).Ticks.Should().Equal(0, 20, 40, 60, 80, 100);
        Axis.Of([0.2, 0.3], ChartUnit.Share).Ticks.Should().Equal(0, 0.25, 0.5, 0.75, 1);
        Axis.OfSteps(0, 99).Ticks.Should().Equal(0, 20, 40, 60, 80);
        Axis.OfSteps(0, 3).Ticks.Should().Equal(0, 1, 2, 3);
    }

    [Fact]
    public void Magnitudes_far_apart_are_powers_of_ten()
    {   // 0.5 to 20,000: from 10^-1 to 10^5, and 10^2 lies half way.
        var axis = Axis.Of([0.5, 20_000], ChartUnit.Magnitude);
        axis.IsLog.Should().BeTrue();
        (axis.Low, axis.High).Should().Be((0.1, 100_000));
        axis.At(100).Should().BeApproximately(0.5, 1e-9);
        Axis.Of([0, 20_000], ChartUnit.Magnitude).IsLog.Should().BeFalse("0 has no logarithm");
    }
}
