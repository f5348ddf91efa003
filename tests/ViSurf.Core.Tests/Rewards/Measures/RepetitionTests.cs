using CsCheck;
using FluentAssertions;
using ViSurf.Core.Rewards.Measures;
using Xunit;

namespace ViSurf.Core.Tests.Rewards.Measures;

public sealed class RepetitionTests
{
    [Fact]
    public void It_equals_counting_distinct_runs()
        => Gen.Select(Gen.Int[0, 3].Array[0, 30], Gen.Int[1, 7]).Sample((items, n) =>
        {
            var runs = Enumerable.Range(0, Math.Max(0, items.Length - n + 1)).Select(i => string.Join(' ', items.Skip(i).Take(n))).ToArray();
            Repetition.Share(items, n).Should().BeApproximately(runs.Length == 0 ? 0 : 1 - (double)runs.Distinct().Count() / runs.Length, 1e-12);
        });

    [Fact]
    public void Token_overlap_is_the_harmonic_mean_of_precision_and_recall()
    {   // Two of three words given, two of two wanted: 2 · (2/3 · 1) / (2/3 + 1) = 0.8.
        TokenOverlap.F1("a b c", "B  a").Should().BeApproximately(0.8, 1e-12);
        TokenOverlap.F1("", "a").Should().Be(0);
    }
}
