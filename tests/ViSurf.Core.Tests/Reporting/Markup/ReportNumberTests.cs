using System.Globalization;
using FluentAssertions;
using ViSurf.Core.Reporting.Markup;
using Xunit;

namespace ViSurf.Core.Tests.Reporting.Markup;

public sealed class ReportNumberTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1.23456, "1.235")]
    [InlineData(-12.3456, "−12.35")]
    [InlineData(123.456, "123.5")]
    [InlineData(12345.6, "12,346")]
    [InlineData(4e-5, "4e-5")]
    [InlineData(-1.25e7, "−1.25e7")]
    [InlineData(9.9999, "10")]
    [InlineData(-0.0, "0")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.NegativeInfinity, "−∞")]
    [InlineData(double.MaxValue, "1.8e308")]
    public void A_number_has_about_four_digits(double value, string text) => ReportNumber.Text(value).Should().Be(text);

    [Theory]
    [InlineData(0, "0 %")]
    [InlineData(0.004, "0.4 %")]
    [InlineData(0.256, "26 %")]
    [InlineData(1, "100 %")]
    public void A_share_is_per_cent(double value, string text) => ReportNumber.Share(value).Should().Be(text);

    [Theory]
    [InlineData(0.5, "0.50 s")]
    [InlineData(75, "1 min 15 s")]
    [InlineData(59.97, "1 min 00 s")]
    [InlineData(7380, "2 h 03 min")]
    public void Seconds_are_told_as_people_tell_them(double seconds, string text) => ReportNumber.Duration(seconds).Should().Be(text);

    [Fact]
    public void A_change_has_its_sign_and_nothing_has_none()
    {
        ReportNumber.Change(1.234).Should().Be("+1.23");
        ReportNumber.Change(-0.5).Should().Be("−0.50");
        ReportNumber.Change(0).Should().Be("0.00");
        ReportNumber.Fixed(-0.001, 2).Should().Be("0.00", "a sign before zeros says nothing");
        ReportNumber.Text(null).Should().Be("–");
    }

    [Fact]
    public void Numbers_do_not_depend_on_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("de-DE");
            (ReportNumber.Text(1234.5), ReportNumber.Text(1.5), ReportNumber.Fixed(1234.5, 2), ReportNumber.Share(0.055), ReportNumber.Coordinate(1.25))
                .Should().Be(("1,235", "1.5", "1,234.50", "5.5 %", "1.25"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
