using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using Xunit;
using static ViSurf.Core.Tests.Evaluation.Evaluated;

namespace ViSurf.Core.Tests.Evaluation;

public sealed class GroundingMetricsTests
{
    /// <summary>The label of most rows: 10 × 10 with corners (0, 0) and (10, 10).</summary>
    private const string Label = "0,0,10,10";

    private static readonly Metric GIoU = GroundingMetrics.GIoU(), CIoU = GroundingMetrics.CIoU(), NAcc = GroundingMetrics.NAcc(), TAcc = GroundingMetrics.TAcc(),
        BoxAccuracy = GroundingMetrics.BoxAccuracy(), PointInBox = GroundingMetrics.PointInBox(), Unreadable = GroundingMetrics.Unreadable();

    private static Metric[] All => [GIoU, CIoU, NAcc, TAcc, BoxAccuracy, PointInBox, Unreadable];

    [Fact]
    public void Five_rows_by_hand()
    {
        EvaluatedExample[] rows =
        [
            // Half of the label and as much beside it: I 50, U 150, IoU 1/3.
            Row(Boxes(Label), Answer("5,0,15,10")),
            // Two boxes over two labels, exactly: I = U = 200.
            Row(Boxes(Label, "20,0,30,10"), Answer("20,0,30,10", Label)),
            // Nothing found where there is something: I 0, U 100.
            Row(Boxes(Label), Answer()),
            // Nothing found where there is nothing: IoU 1 by convention, no areas.
            Row(Boxes(), Answer()),
            // Unreadable: I 0, U the label's 100.
            Row(Boxes(Label), "<answer>[{</answer>"),
        ];
        GIoU.Value(rows).Should().BeApproximately((1.0 / 3 + 1 + 0 + 1 + 0) / 5, 1e-12);
        CIoU.Value(rows).Should().BeApproximately(250.0 / (150 + 200 + 100 + 100), 1e-12);
        NAcc.Value(rows).Should().Be(1);
        TAcc.Value(rows).Should().Be(2.0 / 4); // rows with objects: found, found, none, unreadable
        BoxAccuracy.Value(rows).Should().Be(2.0 / 5); // the exact one and empty for empty
        PointInBox.Value(rows).Should().Be(2.0 / 4); // centre (10, 5) lies on the first label's edge
        Unreadable.Value(rows).Should().Be(1.0 / 5);
        All.Select(metric => metric.Applies(rows)).Should().Equal(5, 5, 1, 4, 5, 4, 5);
    }

    [Fact]
    public void Masks_by_hand_count_like_boxes()
    {
        EvaluatedExample[] rows =
        [
            // Predicted ##.. over labelled .##. in two rows: I 2, U 6.
            Row(new MaskTarget(Mask(".##. .##.")), Written("##.. ##..")),
            // Nothing for nothing, and something for nothing: U 1.
            Row(new MaskTarget(Mask(".... ....")), Written(".... ....")),
            Row(new MaskTarget(Mask(".... ....")), Written("#... ....")),
            // Exactly: I = U = 3. Unreadable: U 8.
            Row(new MaskTarget(Mask("###. ....")), Written("###. ....")),
            Row(new MaskTarget(Mask("#### ####")), "<answer>everything</answer>"),
            // A picture of another size has nothing in common: U 4 + 2.
            Row(new MaskTarget(Mask("#### ....")), Written("##")),
        ];
        GIoU.Value(rows).Should().BeApproximately((2.0 / 6 + 1 + 0 + 1 + 0 + 0) / 6, 1e-12);
        CIoU.Value(rows).Should().BeApproximately((2.0 + 0 + 0 + 3 + 0 + 0) / (6 + 0 + 1 + 3 + 8 + 6), 1e-12);
        NAcc.Value(rows).Should().Be(1.0 / 2);
        TAcc.Value(rows).Should().Be(3.0 / 4);
        (BoxAccuracy.Applies(rows), PointInBox.Applies(rows)).Should().Be((0, 0), "a mask has no boxes");
    }

    [Fact]
    public void A_segmentation_model_may_make_the_mask_of_the_predicted_boxes()
    {
        // Here it fills the left half for any answer but "none".
        var options = new GroundingOptions { MaskOf = (_, completion) => completion.Text == "none" ? null : Mask("##.. ##..") };
        var label = new MaskTarget(Mask("#... #..."));
        GroundingMetrics.GIoU(options).Value(Row(label, "left"), Row("b", label, "none")).Should().Be((0.5 + 0) / 2);
        GIoU.Value(Row(Boxes(Label), Answer(Label))).Should().Be(1, "boxes are not asked for a mask");
    }

    [Fact]
    public void Detections_are_measured_by_their_boxes_whatever_their_class()
    {
        var target = new DetectionTarget([new LabelledBox(Box(Label), "cat")]);
        const string Dog = """<answer>[{"bbox_2d": [0, 0, 10, 5], "label": "dog"}]</answer>""";
        (GIoU.Value(Row(target, Dog)), PointInBox.Value(Row(target, Dog)), TAcc.Value(Row(target, Dog))).Should().Be((0.5, 1, 1));
        NAcc.Value(Row(new DetectionTarget([]), "<answer>None</answer>")).Should().Be(1);
    }

    [Fact]
    public void Of_several_answers_each_counts_alike()
    {
        // IoU 1 and 1/2; I 100 + 50, U 100 + 100. The second example has one answer, and examples count alike.
        var (first, second) = (Row(Boxes(Label), Answer(Label), Answer("0,0,10,5")), Row("b", Boxes(Label), Answer()));
        GIoU.Value(first, second).Should().Be((0.75 + 0) / 2);
        CIoU.Value(first, second).Should().Be(150.0 / (200 + 100));
        BoxAccuracy.Value(first).Should().Be(0.5);
    }

    [Fact]
    public void Boxes_where_nothing_is_cost_the_empty_row()
        => All.Select(metric => metric.Value(Row(Boxes(), Answer("0,0,4,5")))).Should().Equal(0, 0, 0, null, 0, null, 0);

    [Fact]
    public void An_unreadable_answer_is_not_nothing_there()
        => All.Select(metric => metric.Value(Row(Boxes(), "<answer>nothing</answer>"))).Should().Equal(0, null, 0, null, 0, null, 1);

    [Fact]
    public void Boxes_predicted_twice_cover_their_area_once()
        => GIoU.Value(Row(Boxes(Label), Answer(Label, Label))).Should().Be(1);

    [Theory]
    [InlineData("0,0,10,5", 0)] // IoU 50/100, which is not above a half
    [InlineData("0,0,10,5.01", 1)]
    [InlineData("90,90,91,91 0,0,10,9", 1)] // one of several
    [InlineData("0,0,5,10 5,0,10,10", 1)] // the box around two halves
    public void A_box_hits_above_a_half_alone_or_merged(string predicted, double expected)
        => BoxAccuracy.Value(Row(Boxes(Label), Answer(predicted.Split(' ')))).Should().Be(expected);

    [Fact]
    public void The_threshold_of_a_box_is_in_its_metrics_name()
    {
        var strict = GroundingMetrics.BoxAccuracy(0.75);
        strict.Name.Should().Be("box_accuracy@0.75");
        strict.Value(Row(Boxes(Label), Answer("0,0,10,7"))).Should().Be(0);
        strict.Value(Row(Boxes(Label), Answer("0,0,10,8"))).Should().Be(1);
    }

    [Fact]
    public void Several_labels_are_hit_as_the_box_around_them()
    {   // Around both: 30 × 10. One of them alone is 100/300.
        BoxAccuracy.Value(Row(Boxes(Label, "20,0,30,10"), Answer("0,0,30,10"))).Should().Be(1);
        BoxAccuracy.Value(Row(Boxes(Label, "20,0,30,10"), Answer(Label))).Should().Be(0);
    }

    [Theory]
    [InlineData("50,50,60,60", 10, 10, 1)] // the point, on the edge
    [InlineData("0,0,20,20", 90, 90, 1)] // the box's centre, on the corner
    [InlineData("0,0,20,21", 90, 90, 0)] // centre (10, 10.5)
    [InlineData("50,50,60,60", 10.5, 10, 0)]
    public void A_point_hits_itself_or_by_its_boxs_centre(string box, double x, double y, double expected)
    {
        var predicted = new GroundingTarget([Object(box) with { Point = new PixelPoint(x, y) }]);
        PointInBox.Value(Row(Boxes(Label), new LabelFormat().Write(predicted))).Should().Be(expected);
    }

    [Fact]
    public void A_metric_for_which_no_row_counts_is_null_and_not_zero()
    {
        All.Select(metric => metric.Value()).Should().OnlyContain(value => value == null);
        All.Select(metric => metric.Value(Row(new TextTarget("seven"), Answer()))).Should().OnlyContain(value => value == null);
        All.Select(metric => metric.Value(Row(Boxes(), Answer()))).Should().Equal(1, null, 1, null, 1, null, 0);
        All.Select(metric => metric.Value(Row(Boxes(Label), Answer()))).Should().Equal(0, 0, null, 0, 0, 0, 0);
    }

    [Theory]
    [InlineData("""[{"bbox_2d": [NaN, 0, 1, 1], "point_2d": [0, 0]}]""")]
    [InlineData("""[{"bbox_2d": [0, 0, 1e9, 1], "point_2d": [0, 0]}]""")]
    [InlineData("""[{"bbox_2d": [0, 0, 1, 1], "point_2d": [0, -Infinity]}]""")]
    public void Numbers_that_cannot_be_pixels_are_unreadable(string answer)
    {
        AnswerParser.Objects($"<answer>{answer}</answer>").Should().BeNull();
        Unreadable.Value(Row(Boxes(Label), $"<answer>{answer}</answer>")).Should().Be(1);
    }

    [Fact]
    public void Answers_are_read_with_or_without_thoughts_and_without_tags_where_that_is_allowed()
    {
        AnswerParser.Objects("<think>so</think>" + Answer(Label))!.Single().Box.Should().Be(new Box(0, 0, 10, 10));
        AnswerParser.Objects(Answer())!.Should().BeEmpty();
        AnswerParser.Objects("[]").Should().BeNull();
        AnswerParser.Objects("<think>so</think> ```json\n[]\n```", acceptBareText: true)!.Should().BeEmpty();
        GroundingMetrics.NAcc(new GroundingOptions { AcceptBareText = true }).Value(Row(Boxes(), "[]")).Should().Be(1);
    }

    [Fact]
    public void A_reversed_label_is_an_error_that_names_the_example()
        => FluentActions.Invoking(() => GIoU.Value(Row("odd", Boxes("10,0,0,10"), Answer(Label))))
            .Should().Throw<InvalidOperationException>().WithMessage("*g_iou*odd*x1 <= x2*");

    private static string Written(string mask) => new LabelFormat().Write(new MaskTarget(Mask(mask)));
}
