using FluentAssertions;
using ViSurf.Core.Evaluation;
using Xunit;

namespace ViSurf.Core.Tests.Evaluation;

public sealed class BootstrapTests
{
    private static readonly MetricCombination Mean = Metric.Mean("m", _ => 0).Combine;

    [Fact]
    public void The_interval_holds_the_truth_about_as_often_as_it_says()
    {   // 300 samples of 60 draws from a coin of 0.3: 95 % of the intervals should hold 0.3. The percentile method falls a little short.
        var random = new Random(1);
        var held = Enumerable.Range(0, 300).Count(trial =>
        {
            var terms = Enumerable.Range(0, 60).Select(_ => new MetricTerm(random.NextDouble() < 0.3 ? 1 : 0)).ToArray();
            var interval = Bootstrap.Interval(terms, Mean, new BootstrapOptions { Resamples = 300, Seed = trial })!;
            return interval.Low <= 0.3 && 0.3 <= interval.High;
        });
        (held / 300.0).Should().BeInRange(0.90, 0.985);
    }

    [Theory]
    [InlineData(0.95, 1.95996)]
    [InlineData(0.8, 1.28155)]
    public void The_interval_of_a_mean_is_as_wide_as_the_normal_one(double confidence, double normal)
    {
        var random = new Random(2);
        var values = Enumerable.Range(0, 400).Select(_ => random.NextDouble()).ToArray();
        var (mean, n) = (values.Average(), values.Length);
        var error = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / n / n);
        var interval = Bootstrap.Interval(Array.ConvertAll(values, v => new MetricTerm(v)), Mean, new BootstrapOptions { Confidence = confidence, Resamples = 4000 })!;
        (interval.High - interval.Low).Should().BeApproximately(2 * normal * error, 0.08 * 2 * normal * error);
        ((interval.High + interval.Low) / 2).Should().BeApproximately(mean, 0.15 * error);
    }

    [Fact]
    public void The_same_seed_draws_the_same_examples()
    {
        MetricTerm[] terms = [.. Enumerable.Range(0, 30).Select(i => new MetricTerm(i))];
        Interval(1).Should().Be(Interval(1)).And.NotBe(Interval(2));

        ConfidenceInterval Interval(long seed) => Bootstrap.Interval(terms, Mean, new BootstrapOptions { Seed = seed })!;
    }

    [Fact]
    public void Two_examples_give_the_whole_range_and_equal_ones_a_point()
    {   // Of two, both draws are the first with probability 1/4, more than 2.5 %.
        Bootstrap.Interval([new MetricTerm(0), new MetricTerm(1)], Mean).Should().Be(new ConfidenceInterval(0, 1));
        Bootstrap.Interval([new MetricTerm(3), new MetricTerm(3)], Mean).Should().Be(new ConfidenceInterval(3, 3));
    }

    [Fact]
    public void There_is_no_interval_of_one_example_or_without_resamples_or_of_what_is_not_defined()
    {
        Bootstrap.Interval([new MetricTerm(1)], Mean).Should().BeNull();
        Bootstrap.Interval([new MetricTerm(1), new MetricTerm(0)], Mean, new BootstrapOptions { Resamples = 0 }).Should().BeNull();
        Bootstrap.Interval([new MetricTerm(1), new MetricTerm(0)], _ => null).Should().BeNull();
    }

    [Fact]
    public void Sets_without_a_positive_or_a_negative_are_left_out_of_an_areas_interval()
    {   // One positive above one negative: a set is defined in one half of the draws, and then its area is 1.
        var auc = BinaryMetrics.RocAuc("a", BinaryMetrics.YesNo);
        Bootstrap.Interval([new MetricTerm(1, 1), new MetricTerm(0, 0)], auc.Combine).Should().Be(new ConfidenceInterval(1, 1));
    }
}
