using FluentAssertions;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Training;

public sealed class LearningRateTests
{
    [Fact]
    public void Linear_falls_from_the_peak_to_the_final_rate_and_stays_there()
    {
        var rate = LearningRate.Linear(peak: 1.0, updates: 10, final: 0.2);
        rate(0).Should().Be(1.0);
        rate(5).Should().BeApproximately(0.6, 1e-12);  // half of the way from 1.0 to 0.2
        rate(10).Should().BeApproximately(0.2, 1e-12);
        rate(1000).Should().BeApproximately(0.2, 1e-12);
    }

    [Fact]
    public void Cosine_is_at_its_mean_halfway_and_flat_at_both_ends()
    {
        var rate = LearningRate.Cosine(peak: 2.0, updates: 100);
        rate(0).Should().Be(2.0);
        rate(50).Should().BeApproximately(1.0, 1e-12);
        rate(25).Should().BeApproximately(1 + Math.Cos(Math.PI / 4), 1e-12);
        rate(100).Should().BeApproximately(0.0, 1e-12);
        rate(200).Should().BeApproximately(0.0, 1e-12);
    }

    [Fact]
    public void Warm_up_climbs_in_equal_parts_and_then_starts_the_schedule_at_its_beginning()
    {
        var rate = LearningRate.Linear(peak: 1.0, updates: 10).WithWarmUp(4);
        new[] { rate(0), rate(1), rate(2), rate(3) }.Should().Equal(0.25, 0.5, 0.75, 1.0);
        rate(4).Should().Be(1.0);
        rate(9).Should().BeApproximately(0.5, 1e-12);  // update 5 of 10
    }

    [Fact]
    public void A_constant_with_warm_up_reaches_and_keeps_the_constant()
        => Enumerable.Range(0, 5).Select(i => LearningRate.Constant(3).WithWarmUp(3)(i)).Should().Equal(1, 2, 3, 3, 3);

    [Fact]
    public void A_negative_rate_is_refused()
        => FluentActions.Invoking(() => LearningRate.Constant(-1e-6)).Should().Throw<ArgumentOutOfRangeException>().WithMessage("*rate*>= 0*");
}
