using CsCheck;
using FluentAssertions;
using ViSurf.Core.Reporting.Charts;
using Xunit;

namespace ViSurf.Core.Tests.Reporting.Charts;

public sealed class TimelineTests
{
    [Fact]
    public void A_long_run_keeps_its_mean_and_range_in_a_fixed_room()
        => Gen.Select(Gen.Int[1, 600], Gen.Int[1, 20].Select(half => 2 * half)).Sample((steps, capacity) =>
        {
            var timeline = new Timeline<Spread>(capacity, (a, b) => a.With(b));
            var values = Enumerable.Range(0, steps).Select(i => Math.Sin(i) + i).ToArray();
            for (var i = 0; i < steps; i++) timeline.Add(i, Spread.Of(values[i]));

            var kept = timeline.Stretches;
            kept.Count.Should().BeLessThanOrEqualTo(capacity).And.BeGreaterThanOrEqualTo(Math.Min(steps, capacity / 2));
            kept.Sum(s => s.Count).Should().Be(steps);
            kept[0].First.Should().Be(0);
            kept[^1].Last.Should().Be(steps - 1);
            foreach (var s in kept)
            {   // Each stretch is exactly the steps it names.
                var own = values[(int)s.First..((int)s.Last + 1)];
                s.Value.Mean.Should().BeApproximately(own.Average(), 1e-9);
                (s.Value.Least, s.Value.Most, s.Count).Should().Be((own.Min(), own.Max(), own.Length));
            }
        });

    [Fact]
    public void A_step_done_again_replaces_itself_and_all_after_it()
    {
        var timeline = new Timeline<Spread>(10, (a, b) => a.With(b));
        for (var i = 0; i < 6; i++) timeline.Add(i, Spread.Of(i));
        timeline.Add(3, Spread.Of(30));
        timeline.Stretches.Select(s => (s.First, s.Value.Mean)).Should().Equal((0, 0), (1, 1), (2, 2), (3, 30));
    }

    [Fact]
    public void A_number_that_is_none_does_not_spoil_a_mean()
    {
        Spread.Of(1).With(Spread.Of(double.NaN)).With(Spread.Of(3)).Mean.Should().Be(2);
        Spread.Of(double.PositiveInfinity).Mean.Should().BeNull();
    }
}
