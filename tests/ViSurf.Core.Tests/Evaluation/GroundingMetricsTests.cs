using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using Xunit;

namespace ViSurf.Core.Tests.Evaluation;

public sealed class GroundingMetricsTests
{
    /// <summary>The label of most rows: 10 × 10 with corners (0, 0) and (10, 10).</summary>
    private const string Label = "0,0,10,10";

    [Fact]
    public void Five_rows_by_hand()
    {
        var metrics = new GroundingMetrics();
        // Half of the label and as much beside it: I 50, U 150, IoU 1/3.
        metrics.Add(Row(Label), Answer("5,0,15,10"));
        // Two boxes over two labels, exactly: I = U = 200.
        metrics.Add(Row(Label, "20,0,30,10"), Answer("20,0,30,10", Label));
        // Nothing found where there is something: I 0, U 100.
        metrics.Add(Row(Label), Answer());
        // Nothing found where there is nothing: IoU 1 by convention, no areas.
        metrics.Add(Row(), Answer());
        // Unreadable: I 0, U the label's 100.
        metrics.Add(Row(Label), "<answer>[{</answer>");

        var report = metrics.Report();

        (report.Rows, report.GroundingRows, report.EmptyRows, report.TextRows, report.ParseErrors).Should().Be((5, 5, 1, 0, 1));
        report.GIoU.Should().BeApproximately((1.0 / 3 + 1 + 0 + 1 + 0) / 5, 1e-12);
        report.CIoU.Should().BeApproximately(250.0 / (150 + 200 + 100 + 100), 1e-12);
        report.NAcc.Should().Be(1);
        report.TAcc.Should().Be(2.0 / 4); // rows with objects: found, found, none, unreadable
        report.BoxAccuracy.Should().Be(2.0 / 5); // the exact one and empty for empty
        report.PointAccuracy.Should().Be(2.0 / 4); // centre (10, 5) lies on the first label's edge
    }

    [Fact]
    public void Boxes_where_nothing_is_cost_the_empty_row()
    {
        var report = Report(Row(), Answer("0,0,4,5"));
        (report.GIoU, report.CIoU, report.NAcc, report.TAcc, report.BoxAccuracy).Should().Be((0, 0, 0, null, 0));
    }

    [Fact]
    public void An_unreadable_answer_is_not_nothing_there()
    {
        var report = Report(Row(), "<answer>nothing</answer>");
        (report.ParseErrors, report.GIoU, report.NAcc, report.BoxAccuracy).Should().Be((1, 0, 0, 0));
    }

    [Fact]
    public void Boxes_predicted_twice_cover_their_area_once()
        => Report(Row(Label), Answer(Label, Label)).GIoU.Should().Be(1);

    [Theory]
    [InlineData("0,0,10,5", 0)] // IoU 50/100, which is not above a half
    [InlineData("0,0,10,5.01", 1)]
    [InlineData("90,90,91,91 0,0,10,9", 1)] // one of several
    [InlineData("0,0,5,10 5,0,10,10", 1)] // the box around two halves
    public void A_box_hits_above_a_half_alone_or_merged(string predicted, double expected)
        => Report(Row(Label), Answer(predicted.Split(' '))).BoxAccuracy.Should().Be(expected);

    [Fact]
    public void Several_labels_are_hit_as_the_box_around_them()
    {   // Around both: 30 × 10. One of them alone is 100/300.
        Report(Row(Label, "20,0,30,10"), Answer("0,0,30,10")).BoxAccuracy.Should().Be(1);
        Report(Row(Label, "20,0,30,10"), Answer(Label)).BoxAccuracy.Should().Be(0);
    }

    [Theory]
    [InlineData("50,50,60,60", 10, 10, 1)] // the point, on the edge
    [InlineData("0,0,20,20", 90, 90, 1)] // the box's centre, on the corner
    [InlineData("0,0,20,21", 90, 90, 0)] // centre (10, 10.5)
    [InlineData("50,50,60,60", 10.5, 10, 0)]
    public void A_point_hits_itself_or_by_its_boxs_centre(string box, double x, double y, double expected)
    {
        var predicted = new GroundingTarget([Object(box) with { Point = new PixelPoint(x, y) }]);
        Report(Row(Label), new LabelFormat().Write(predicted)).PointAccuracy.Should().Be(expected);
    }

    [Fact]
    public void Text_rows_count_for_exact_answers_and_thoughts_only()
    {
        var metrics = new GroundingMetrics();
        metrics.Add(VisionExample.Ask("a", "?", new TextTarget("Seven")), "<think>.</think><answer>seven</answer>");
        metrics.Add(VisionExample.Ask("b", "?", new TextTarget("seven")), "eight");
        metrics.Add(VisionExample.Ask("c", "?", null), "<think>.</think><answer></answer>");
        metrics.Add(Row(Label), Answer(Label));

        var report = metrics.Report();

        (report.Rows, report.GroundingRows, report.TextRows).Should().Be((4, 1, 2));
        report.ExactAnswerAccuracy.Should().Be(0.5);
        report.ThinkingFormatRate.Should().Be(2.0 / 4);
        (report.GIoU, report.BoxAccuracy).Should().Be((1, 1));
    }

    [Fact]
    public void A_metric_for_which_no_row_counts_is_null_and_not_zero()
    {
        var none = new GroundingMetrics().Report();
        new[] { none.GIoU, none.CIoU, none.NAcc, none.TAcc, none.BoxAccuracy, none.PointAccuracy, none.ThinkingFormatRate, none.ExactAnswerAccuracy }
            .Should().OnlyContain(m => m == null);

        var empty = Report(Row(), Answer());
        (empty.GIoU, empty.NAcc).Should().Be((1, 1));
        new[] { empty.CIoU, empty.TAcc, empty.PointAccuracy, empty.ExactAnswerAccuracy }.Should().OnlyContain(m => m == null);

        var full = Report(Row(Label), Answer());
        full.NAcc.Should().BeNull();
        (full.GIoU, full.CIoU, full.TAcc, full.PointAccuracy).Should().Be((0, 0, 0, 0));
    }

    [Fact]
    public void A_report_in_between_changes_nothing()
    {
        var metrics = new GroundingMetrics();
        metrics.Add(Row(Label), Answer(Label));
        metrics.Report().GIoU.Should().Be(1);
        metrics.Add(Row(Label), Answer());
        metrics.Report().GIoU.Should().Be(0.5);
    }

    [Theory]
    [InlineData("""[{"bbox_2d": [NaN, 0, 1, 1], "point_2d": [0, 0]}]""")]
    [InlineData("""[{"bbox_2d": [0, 0, 1e9, 1], "point_2d": [0, 0]}]""")]
    [InlineData("""[{"bbox_2d": [0, 0, 1, 1], "point_2d": [0, -Infinity]}]""")]
    public void Numbers_that_cannot_be_pixels_are_unreadable(string answer)
    {
        AnswerParser.Objects($"<answer>{answer}</answer>").Should().BeNull();
        Report(Row(Label), $"<answer>{answer}</answer>").ParseErrors.Should().Be(1);
    }

    [Fact]
    public void Answers_are_read_with_or_without_thoughts_but_not_without_tags()
    {
        AnswerParser.Objects("<think>so</think>" + Answer(Label))!.Single().Box.Should().Be(new Box(0, 0, 10, 10));
        AnswerParser.Objects(Answer())!.Should().BeEmpty();
        AnswerParser.Objects("[]").Should().BeNull();
    }

    private static GroundingReport Report(VisionExample example, string predicted)
    {
        var metrics = new GroundingMetrics();
        metrics.Add(example, predicted);
        return metrics.Report();
    }

    private static VisionExample Row(params string[] boxes) => VisionExample.Ask("a", "?", Target(boxes));

    private static string Answer(params string[] boxes) => new LabelFormat().Write(Target(boxes));

    private static GroundingTarget Target(string[] boxes) => new([.. boxes.Select(Object)]);

    /// <summary>"x1,y1,x2,y2", its point far away from everything.</summary>
    private static GroundedObject Object(string box)
    {
        var n = box.Split(',').Select(double.Parse).ToArray();
        return new GroundedObject(new Box(n[0], n[1], n[2], n[3]), new PixelPoint(900, 900));
    }
}
