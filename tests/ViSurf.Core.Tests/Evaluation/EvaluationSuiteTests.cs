using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using Xunit;
using static ViSurf.Core.Tests.Evaluation.Evaluated;

namespace ViSurf.Core.Tests.Evaluation;

public sealed class EvaluationSuiteTests
{
    private const string Label = "0,0,10,10";

    private static EvaluatedExample[] Rows =>
    [
        Row("a", Boxes(Label), Answer(Label)) with { Source = "refs" },
        Row("b", Boxes(Label), Answer("0,0,10,5")) with { Source = "refs" },
        Row("c", Boxes(Label), Answer()) with { Source = "more" },
        Row("d", new TextTarget("Seven"), "<think>.</think><answer>seven</answer>") with { Source = "words" },
        Row("e", new TextTarget("seven"), "eight") with { Source = "words" },
        Row("f", null, "<think>.</think><answer></answer>") with { Source = "words" },
    ];

    [Fact]
    public void A_report_has_all_examples_and_a_part_for_each_source()
    {
        var report = EvaluationSuite.Standard().Report(Rows);
        (report.Total.Examples, report.Total.Answers).Should().Be((6, 6));
        report.Sources.Select(source => (source.Source, source.Examples)).Should().Equal(("refs", 2), ("more", 1), ("words", 3));
        report["g_iou"].Should().BeApproximately((1 + 0.5 + 0) / 3, 1e-12);
        report["exact_answer"].Should().Be(0.5);
        report["thinking_format"].Should().BeApproximately(2.0 / 6, 1e-12);
        report["n_acc"].Should().BeNull("nothing is absent here");
        report.Values["refs/g_iou"].Should().Be(0.75);
        report.Values["more/g_iou"].Should().Be(0);
        report.Values["words/exact_answer"].Should().Be(0.5);
        report.Values.Should().NotContainKeys("words/g_iou", "n_acc").And.ContainKey("g_iou");
        report.Total.Metrics.Single(metric => metric.Name == "exact_answer").Examples.Should().Be(2);
    }

    [Fact]
    public void Examples_of_one_source_need_no_part_of_their_own()
        => EvaluationSuite.Standard().Report(Rows.Take(2)).Sources.Should().BeEmpty();

    [Fact]
    public void A_table_has_what_applies_with_its_interval_and_its_examples()
    {
        var suite = new EvaluationSuite(GroundingMetrics.GIoU(), GroundingMetrics.NAcc());
        suite.Report([Rows[0], Rows[0] with { Source = "more" }], new BootstrapOptions { Confidence = 0.9 }).ToString().Should().Be(
            """
                             value  90 % interval       examples
            all                                                2
              g_iou         1.0000  1.0000 to 1.0000           2
            refs                                               1
              g_iou         1.0000                             1
            more                                               1
              g_iou         1.0000                             1

            """.Replace("\r\n", "\n", StringComparison.Ordinal));
    }

    [Fact]
    public void A_source_with_a_long_name_moves_the_columns_and_does_not_leave_them()
    {
        var suite = new EvaluationSuite(GroundingMetrics.GIoU());
        suite.Report([Rows[0], Rows[0] with { Source = "a data set of many words" }]).ToString().Should().Be(
            """
                                         value  95 % interval       examples
            all                                                            2
              g_iou                     1.0000  1.0000 to 1.0000           2
            refs                                                           1
              g_iou                     1.0000                             1
            a data set of many words                                       1
              g_iou                     1.0000                             1

            """.Replace("\r\n", "\n", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_numbers_of_one_name_are_refused_when_the_report_is_made()
    {
        var (words, odd) = (Metric.Mean("words", _ => 1), Metric.Mean("refs/words", _ => 2));
        FluentActions.Invoking(() => new EvaluationSuite(words, odd).Report(Rows)).Should().Throw<InvalidOperationException>()
            .WithMessage("*a name of its own*'refs/words' twice: metric 'words' of source 'refs', and metric 'refs/words' of all examples. Rename*");
        // Between two sources.
        var deep = Metric.Mean("b/words", _ => 1);
        FluentActions.Invoking(() => new EvaluationSuite(words, deep).Report([Rows[0] with { Source = "a" }, Rows[1] with { Source = "a/b" }])).Should().Throw<InvalidOperationException>()
            .WithMessage("*'a/b/words' twice: metric 'b/words' of source 'a', and metric 'words' of source 'a/b'. Rename*");
        // Names alike that meet nobody.
        new EvaluationSuite(words, odd).Report(Rows.Take(2)).Values.Should().HaveCount(2);
        new EvaluationSuite(words).Report([Rows[0] with { Source = "a" }, Rows[1] with { Source = "a/b" }]).Values.Keys.Should().Equal("a/words", "a/b/words", "words");
    }

    [Fact]
    public void A_metric_of_ones_own_joins_a_suite()
    {
        var words = Metric.Mean("words", example => example.Completion.Text.Split(' ').Length);
        EvaluationSuite.Standard().With(words).Report([Row("a", null, "one two three"), Row("b", null, "one")])["words"].Should().Be(2);
    }

    [Fact]
    public void Two_metrics_of_one_name_and_a_name_that_is_not_there_are_errors()
    {
        FluentActions.Invoking(() => EvaluationSuite.Standard().With(GroundingMetrics.GIoU())).Should().Throw<ArgumentException>().WithMessage("*'g_iou' twice*");
        FluentActions.Invoking(() => EvaluationSuite.Standard().Report(Rows)["giou"]).Should().Throw<ArgumentException>().WithMessage("*g_iou, c_iou*got 'giou'*");
    }

    [Fact]
    public void A_metric_that_fails_or_gives_no_number_is_named_with_the_example()
    {
        Measuring(_ => double.NaN).Should().Throw<InvalidOperationException>().WithMessage("*finite*'own'*'a'*");
        Measuring(_ => throw new FormatException("odd")).Should().Throw<InvalidOperationException>().WithMessage("*'own'*'a'*odd*");

        static Action Measuring(Func<EvaluatedExample, double?> value) => () => Metric.Mean("own", value).Value(Row(null, "x"));
    }

    [Fact]
    public void An_example_without_answers_is_refused_where_it_is_made()
        => FluentActions.Invoking(() => new EvaluatedExample(VisionExample.Ask("a", "?", null), [])).Should().Throw<ArgumentException>().WithMessage("*at least one completion*");
}
