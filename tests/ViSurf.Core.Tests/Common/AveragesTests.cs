using FluentAssertions;
using ViSurf.Core.Common;
using Xunit;

namespace ViSurf.Core.Tests.Common;

public sealed class AveragesTests
{
    [Fact]
    public void One_value_has_a_mean_and_no_deviation_and_none_has_neither()
    {
        Array.Empty<double>().MeanOrNull().Should().BeNull();
        Array.Empty<double>().DeviationOrNull().Should().BeNull();
        new[] { 3.0 }.MeanOrNull().Should().Be(3);
        new[] { 3.0 }.DeviationOrNull().Should().BeNull();
    }

    [Fact]
    public void A_sample_divides_by_one_less_than_all_there_is()
    {
        double[] values = [1, 3, 8];   // mean 4, squares 9 + 1 + 16 = 26
        values.MeanOrNull().Should().Be(4);
        values.DeviationOrNull().Should().BeApproximately(Math.Sqrt(13), 1e-15);
        values.DeviationFrom(4, 3).Should().BeApproximately(Math.Sqrt(26 / 3.0), 1e-15);
    }

    [Fact]
    public void What_is_not_a_number_stays_so()
    {
        new[] { 1, double.NaN }.MeanOrNull().Should().Be(double.NaN);
        new[] { 1, double.NaN }.DeviationOrNull().Should().Be(double.NaN);
    }
}
