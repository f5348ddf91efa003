using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Rewards.Measures;

/// <summary>COCO's average precision against a computation that follows the definition: thresholds one by one, precision at a recall as the best precision at that recall or above.</summary>
public sealed class AveragePrecisionTests
{
    private static readonly Gen<string?> Classes = Pick.From<string?>("cat", "dog", null);

    private static readonly Gen<LabelledBox[]> Objects = Gen.Select(BoxOverlapTests.WholeBoxes, Classes, (box, label) => new LabelledBox(box, label)).Array[1, 6];

    private static readonly Gen<(Box, string?, double)[]> Distinct = Gen.Select(BoxOverlapTests.WholeBoxes, Classes, (box, label) => (box, label)).Array[0, 12]
        .SelectMany(boxes => Pick.Shuffled(Enumerable.Range(0, boxes.Length).Select(i => (i + 1) / 16.0).ToArray()).Select(scores => boxes.Select((b, i) => (b.box, b.label, scores[i])).ToArray()));

    private static readonly Gen<(Box, string?, double)[]> Tied = Gen.Select(BoxOverlapTests.WholeBoxes, Classes, Pick.From(0.25, 0.5, 1.0), (box, label, score) => (box, label, score)).Array[0, 12];

    [Fact]
    public void It_equals_the_definition_where_confidences_differ()
        => Gen.Select(Distinct, Objects).Sample((predicted, objects) =>
        {
            AveragePrecision.Of(predicted, objects).Should().BeApproximately(Definition(predicted, objects), 1e-12);
            AveragePrecision.Of(predicted, objects, new AveragePrecisionOptions { Ties = TiedConfidence.AsWritten }).Should().BeApproximately(Definition(predicted, objects), 1e-12);
        }, iter: 1000);

    [Fact]
    public void Equal_confidences_in_written_order_equal_the_definition_with_a_stable_sort()
        => Gen.Select(Tied, Objects).Sample((predicted, objects) =>
            AveragePrecision.Of(predicted, objects, new AveragePrecisionOptions { Ties = TiedConfidence.AsWritten }).Should().BeApproximately(Definition(predicted, objects), 1e-12), iter: 1000);

    [Fact]
    public void The_order_of_predictions_does_not_matter()
        => Gen.Select(Tied, Objects).SelectMany((predicted, objects) => Pick.Shuffled(predicted).Select(other => (predicted, other, objects)))
            .Sample(t => AveragePrecision.Of(t.other, t.objects).Should().Be(AveragePrecision.Of(t.predicted, t.objects)), iter: 1000);

    [Fact]
    public void The_objects_themselves_score_one_and_nothing_scores_zero()
        => Objects.Sample(objects =>
        {
            AveragePrecision.Of([.. objects.Select(o => (o.Box, o.Label, 1.0))], objects).Should().BeApproximately(1, 1e-12);
            AveragePrecision.Of([], objects).Should().Be(0);
        });

    [Fact]
    public void Surplus_boxes_of_equal_confidence_cost_precision()
    {   // One object found among four boxes: precision 1/4 at every recall. In written order, found first, COCO forgives the other three.
        LabelledBox[] objects = [new(new Box(0, 0, 10, 10))];
        (Box, string?, double)[] predicted = [(objects[0].Box, null, 1), (new Box(50, 50, 60, 60), null, 1), (new Box(70, 0, 80, 9), null, 1), (new Box(0, 70, 9, 80), null, 1)];
        AveragePrecision.Of(predicted, objects).Should().BeApproximately(0.25, 1e-12);
        AveragePrecision.Of(predicted, objects, new AveragePrecisionOptions { Ties = TiedConfidence.AsWritten }).Should().BeApproximately(1, 1e-12);
    }

    [Fact]
    public void Half_of_the_objects_found_is_51_of_101_recall_points()
        // Recall reaches 0.5 with precision 1: points 0, 0.01, …, 0.5.
        => AveragePrecision.Of([(new Box(0, 0, 10, 10), "cat", 0.9)], [new LabelledBox(new Box(0, 0, 10, 10), "cat"), new LabelledBox(new Box(20, 20, 30, 30), "cat")])
            .Should().BeApproximately(51.0 / 101, 1e-12);

    [Fact]
    public void A_better_fitting_box_never_scores_less()
    {
        var objects = new LabelledBox[] { new(new Box(0, 0, 100, 100)) };
        var last = 0.0;
        for (var width = 1; width <= 100; width++)
        {
            var value = AveragePrecision.Of([(new Box(0, 0, width, 100), null, 1)], objects);
            value.Should().BeGreaterThanOrEqualTo(last);
            last = value;
        }
        last.Should().BeApproximately(1, 1e-12);
    }

    private static double Definition((Box Box, string? Label, double Score)[] predicted, LabelledBox[] objects)
    {
        var classes = objects.Select(o => o.Label).Distinct().ToArray();
        var all = new List<double>();
        foreach (var label in classes)
        {
            var truths = objects.Where(o => o.Label == label).Select(o => o.Box).ToArray();
            var ranked = predicted.Where(p => p.Label == label).OrderByDescending(p => p.Score).ToArray();
            for (var step = 0; step < 10; step++)
            {
                var threshold = (50 + 5 * step) / 100.0;
                var free = truths.ToList();
                var hits = ranked.Select(p =>
                {
                    var fits = free.Where(t => p.Box.IntersectionOverUnion(t) >= threshold).ToArray();
                    if (fits.Length == 0) return 0;
                    // COCO goes through the truths and keeps a later one that is as good.
                    var best = fits.Max(p.Box.IntersectionOverUnion);
                    free.RemoveAt(free.FindLastIndex(t => p.Box.IntersectionOverUnion(t) == best));
                    return 1;
                }).ToArray();
                for (var point = 0; point <= 100; point++)
                    all.Add(Enumerable.Range(1, hits.Length).Where(n => hits.Take(n).Sum() * 100 >= point * truths.Length).Select(n => hits.Take(n).Sum() / (double)n).DefaultIfEmpty(0).Max());
            }
        }
        return all.Average();
    }
}
