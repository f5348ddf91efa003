using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using Xunit;
using static ViSurf.Core.Tests.Evaluation.Evaluated;

namespace ViSurf.Core.Tests.Evaluation;

public sealed class BinaryMetricsTests
{
    private static readonly Metric YesNoAuc = BinaryMetrics.RocAuc("yes_no", BinaryMetrics.YesNo), YesNoAccuracy = BinaryMetrics.Accuracy("yes_no", BinaryMetrics.YesNo);

    [Fact]
    public void A_ranking_of_scores_that_are_no_numbers_is_refused()
    {
        var combine = BinaryMetrics.RocAuc("any", (_, _) => null).Combine;
        var rank = Task.Run(() => combine([new MetricTerm(0.2, 1), new MetricTerm(double.NaN, 0), new MetricTerm(0.1, 0)]));
        var found = () => rank.Wait(TimeSpan.FromSeconds(20)).Should().BeTrue("NaN equals nothing, itself included");
        found.Should().Throw<ArgumentException>().WithMessage("*a score that can be ranked*NaN*");
        combine([new MetricTerm(double.PositiveInfinity, 1), new MetricTerm(0.1, 0)]).Should().Be(1, "infinity has its place in an order");
    }

    [Fact]
    public void The_area_is_the_share_of_pairs_in_the_right_order_ties_as_one_half()
        // Few different scores, so that there are many ties.
        => Gen.Select(Gen.Int[0, 6], Gen.Bool).Array[0, 40].Sample(rows =>
        {
            var metric = BinaryMetrics.RocAuc("own", (example, completion) => new BinaryReading(example.Target is TextTarget, double.Parse(completion.Text)));
            var area = metric.Value([.. rows.Select((row, i) => Row($"{i}", row.Item2 ? new TextTarget("x") : null, $"{row.Item1}"))]);

            var (wins, pairs) = (0.0, 0);
            foreach (var positive in rows.Where(row => row.Item2))
            {
                foreach (var negative in rows.Where(row => !row.Item2))
                {
                    pairs++;
                    wins += positive.Item1 > negative.Item1 ? 1 : positive.Item1 == negative.Item1 ? 0.5 : 0;
                }
            }
            if (pairs == 0) area.Should().BeNull();
            else area.Should().BeApproximately(wins / pairs, 1e-12);
        }, iter: 300, threads: 1);

    [Fact]
    public void Yes_and_no_in_words()
    {
        EvaluatedExample[] rows =
        [
            Row("a", new TextTarget("yes"), "<think>no?</think><answer>Yes.</answer>"), // right: 1
            Row("b", new TextTarget("Yes"), "no"), // wrong: 0
            Row("c", new TextTarget("no"), "It does not, no"), // right: 0
            Row("d", new TextTarget("no"), "maybe"), // unreadable, so wrong: 1
            Row("e", new TextTarget("no parking"), "no"), // not a question of yes or no
        ];
        YesNoAccuracy.Applies(rows).Should().Be(4);
        YesNoAccuracy.Value(rows).Should().Be(2.0 / 4);
        // Pairs: (1, 0) won, (1, 1) tied, (0, 0) tied, (0, 1) lost.
        YesNoAuc.Value(rows).Should().Be((1 + 0.5 + 0.5 + 0) / 4);
    }

    [Fact]
    public void Of_several_answers_the_mean_ranks_and_each_counts_for_accuracy()
    {
        EvaluatedExample[] rows = [Row("a", new TextTarget("yes"), "yes", "yes", "no"), Row("b", new TextTarget("no"), "yes", "no", "no")];
        YesNoAuc.Value(rows).Should().Be(1, "2/3 ranks above 1/3");
        YesNoAccuracy.Value(rows).Should().BeApproximately((2.0 / 3 + 2.0 / 3) / 2, 1e-12);
    }

    [Fact]
    public void Anomalies_are_what_is_found_where_something_is()
    {
        var (auc, accuracy) = (BinaryMetrics.RocAuc("presence", BinaryMetrics.Presence()), BinaryMetrics.Accuracy("presence", BinaryMetrics.Presence()));
        EvaluatedExample[] rows =
        [
            Row("a", Boxes("0,0,10,10"), Answer("90,90,91,91")), // something found, wherever
            Row("b", Boxes(), Answer()),
            Row("c", Boxes(), Answer("1,1,2,2")), // false alarm
            Row("d", Boxes(), "unreadable"), // counts as the wrong one: found
            Row("e", new MaskTarget(Mask("#.")), new LabelFormat().Write(new MaskTarget(Mask("..")))), // missed
            Row("f", new TextTarget("yes"), "yes"),
        ];
        accuracy.Applies(rows).Should().Be(5);
        accuracy.Value(rows).Should().Be(2.0 / 5);
        // Positives 1 and 0, negatives 0, 1, 1: 1 > 0 wins, 1 = 1 twice, 0 = 0 once, 0 < 1 twice.
        auc.Value(rows).Should().Be((1 + 0.5 + 0.5 + 0.5) / 6);
    }

    [Fact]
    public void Where_an_answer_has_confidences_the_largest_is_the_score()
    {
        var auc = BinaryMetrics.RocAuc("presence", BinaryMetrics.Presence());
        auc.Value(Row("a", Target(1), Found(0.2, 0.9)), Row("b", Target(0), Found(0.6))).Should().Be(1);
        auc.Value(Row("a", Target(1), Found(0.2, 0.5)), Row("b", Target(0), Found(0.6))).Should().Be(0);
        BinaryMetrics.Accuracy("presence", BinaryMetrics.Presence(), threshold: 0.7).Value(Row("a", Target(1), Found(0.9)), Row("b", Target(0), Found(0.6))).Should().Be(1);

        static DetectionTarget Target(int objects)
            => new([.. Enumerable.Repeat(new LabelledBox(new Box(0, 0, 1, 1)), objects)]) { Form = DetectionForm.VisualRft };
        static string Found(params double[] confidences)
            => $"<answer>[{string.Join(", ", confidences.Select(c => FormattableString.Invariant($$"""{"Position": [0, 0, 1, 1], "Confidence": {{c}}}""")))}]</answer>";
    }
}
