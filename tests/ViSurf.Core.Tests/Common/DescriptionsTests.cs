using FluentAssertions;
using ViSurf.Core.Common;
using Xunit;

namespace ViSurf.Core.Tests.Common;

public sealed class DescriptionsTests
{
    [Fact]
    public void A_part_describes_itself_through_every_wrapper()
    {
        Descriptions.Of(null).Should().Be("none");
        Descriptions.Of(new Plain()).Should().Be("Plain");
        Descriptions.Of(new Loud(2)).Should().Be("Loud(2)");
        Descriptions.Of(new Chain(new Loud(2), new Chain(new Plain()))).Should().Be("Chain(Loud(2), Chain(Plain))");
        Descriptions.Of((Func<double>)new Loud(3).Value).Should().Be("Loud(3)", "a function of a part that describes itself is that part");
        Descriptions.Of((Func<double, double>)Math.Abs).Should().Be("Abs");
    }

    [Fact]
    public void A_schedule_is_what_it_says_at_a_few_steps()
    {
        ScheduleText.Of(_ => 0.1).Should().Be("0.1");
        ScheduleText.Of(step => step < 5 ? 1 : 0.5).Should().Be("0: 1, 1: 1, 10: 0.5, 100: 0.5, 1000: 0.5, 10000: 0.5, 100000: 0.5");
        ScheduleText.Of(step => step > 50_000 ? throw new ArgumentException("too late") : 1).Should().EndWith("10000: 1, 100000: refused");
    }

    private sealed class Plain;

    private sealed class Loud(double value) : IDescribed
    {
        public string Description => FormattableString.Invariant($"Loud({value})");

        public double Value() => value;
    }

    private sealed class Chain(params object[] parts) : IWrapper
    {
        public IEnumerable<object> Inner => parts;
    }
}
