using FluentAssertions;
using ViSurf.Core.Common;
using Xunit;

namespace ViSurf.Core.Tests.Common;

public sealed class WrappersTests
{
    [Fact]
    public void A_part_is_found_behind_any_number_of_wrappers()
    {
        Wrappers.Find<string>(new Chain(new Chain(new Chain("judge")))).Should().Be("judge");
        Wrappers.Find<string>("itself").Should().Be("itself");
        Wrappers.Find<string>(new Chain(new object())).Should().BeNull();
        Wrappers.Find<string>(null).Should().BeNull();
    }

    [Fact]
    public void All_are_found_outermost_first_and_in_the_order_of_a_chain()
        => Wrappers.FindAll<object>(new Chain("a", new Chain("b", "c"), "d")).OfType<string>().Should().Equal("a", "b", "c", "d");

    [Fact]
    public void A_part_that_is_reached_twice_or_stands_before_itself_counts_once()
    {
        var shared = new Chain("x");
        var circle = new Chain(shared, shared);
        circle.Parts.Add(circle);
        Wrappers.FindAll<Chain>(circle).Should().Equal(circle, shared);
    }

    private sealed class Chain(params object[] parts) : IWrapper
    {
        public List<object> Parts { get; } = [.. parts];

        public IEnumerable<object> Inner => Parts;
    }
}
