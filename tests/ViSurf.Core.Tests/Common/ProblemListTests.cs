using FluentAssertions;
using ViSurf.Core.Common;
using Xunit;

namespace ViSurf.Core.Tests.Common;

public sealed class ProblemListTests
{
    [Fact]
    public void Forty_are_listed_and_the_rest_is_counted()
    {
        ProblemList.Lines(["a", "b"]).Should().Be("  a\n  b");
        var forty = Enumerable.Range(1, 40).Select(i => $"p{i}").ToArray();
        ProblemList.Lines(forty).Should().EndWith("\n  p40").And.NotContain("more");
        ProblemList.Lines([.. forty, "p41", "p42"]).Should().EndWith("\n  p40\n  … and 2 more");
    }
}
