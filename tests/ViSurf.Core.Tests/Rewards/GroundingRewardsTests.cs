using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

/// <summary>Answer format and accuracy of grounding answers.</summary>
public sealed class GroundingRewardsTests
{
    private const string Right = "100,100,200,200 150,150";
    private static readonly GroundingAccuracyReward Accuracy = new();

    [Theory]
    [InlineData("100,100,200,200 150,150", 3, "the label itself")]
    [InlineData("110,110,210,209 150,150", 3, "the mean difference (10 + 10 + 10 + 9)/4 = 9.75 is below 10")]
    [InlineData("110,110,210,210 150,150", 2, "a mean difference of 10 is not below 10; overlap 91²/(2 · 101² − 91²) = 0.68")]
    [InlineData("100,100,200,200 179,150", 3, "29 pixels from the point")]
    [InlineData("100,100,200,200 180,150", 2, "30 pixels are not below 30")]
    [InlineData("100,100,200,200 168,174", 2, "√(18² + 24²) = 30")]
    [InlineData("300,300,400,400 150,150", 0, "the point is right, but outside its own box")]
    [InlineData("200,200,100,100 150,150", 0, "a reversed box")]
    public void A_pair_has_a_mark_each_for_overlap_box_distance_and_point(string predicted, double expected, string why)
        => Score(Accuracy, [Right], predicted).Should().Be(expected, why);

    [Fact]
    public void A_point_on_the_edge_of_its_box_is_inside()
    {   // Label point (198, 150): 2 away on the edge, 3 away outside.
        Score(Accuracy, ["100,100,200,200 198,150"], "100,100,200,200 200,150").Should().Be(3);
        Score(Accuracy, ["100,100,200,200 198,150"], "100,100,200,200 201,150").Should().Be(2);
    }

    [Fact]
    public void Overlap_counts_both_edges_pixels_and_must_exceed_a_half()
    {   // 3 × 3 against 3 × 2 pixels: 6/9. As areas it would be 2/4, which is not above a half.
        var overlapOnly = new GroundingAccuracyReward { MaximumBoxDistance = 0, MaximumPointDistance = 0 };
        Score(overlapOnly, ["0,0,2,2 1,1"], "0,0,2,1 1,1").Should().Be(1);
        // 10 × 10 against 10 × 5: exactly a half.
        Score(overlapOnly, ["0,0,9,9 1,1"], "0,0,9,4 1,1").Should().Be(0);
        Score(new GroundingAccuracyReward { MinimumOverlap = 0.49, MaximumBoxDistance = 0, MaximumPointDistance = 0 }, ["0,0,9,9 1,1"], "0,0,9,4 1,1").Should().Be(1);
    }

    [Fact]
    public void The_sum_of_marks_is_divided_by_the_longer_list()
    {
        Score(Accuracy, [Right], Right, "500,500,510,510 505,505").Should().Be(1.5);
        Score(Accuracy, [Right, "500,500,510,510 505,505", "700,700,710,710 705,705"], "500,500,510,510 505,505").Should().Be(1);
    }

    [Fact]
    public void A_label_is_matched_once_however_often_it_is_predicted()
        => Score(Accuracy, [Right, "500,500,510,510 505,505"], Right, Right).Should().Be(1.5);

    [Fact]
    public void The_order_of_the_objects_does_not_matter()
        => Score(Accuracy, [Right, "500,500,510,510 505,505"], "500,500,510,510 505,505", Right).Should().Be(3);

    /// <summary>Boxes and points close enough for every mark to be won and lost.</summary>
    private static readonly Gen<string[]> Objects = Gen.Select(Gen.Int[0, 60], Gen.Int[0, 60], Gen.Int[0, 50], Gen.Int[0, 50], Gen.Int[0, 110], Gen.Int[0, 110])
        .Select((x, y, w, h, px, py) => FormattableString.Invariant($"{x},{y},{x + w},{y + h} {px},{py}")).Array[1, 6];

    [Fact]
    public void Values_stay_in_range_and_neither_sides_order_matters()
        => Gen.Select(Objects, Objects).SelectMany((labels, predicted) => Gen.Select(Pick.Shuffled(labels), Pick.Shuffled(predicted)).Select((l, p) => (labels, predicted, l, p))).Sample(t =>
        {
            var value = Score(Accuracy, t.labels, t.predicted)!.Value;
            value.Should().BeInRange(0, 3);
            Score(Accuracy, t.l, t.p).Should().Be(value);
        }, iter: 2000);

    [Fact]
    public void The_labels_themselves_score_the_maximum_unless_a_point_lies_outside_its_box()
        => Objects.Sample(labels => Score(Accuracy, labels, labels)!.Value.Should().BeInRange(2, 3), iter: 500);

    [Fact]
    public void A_better_overlap_never_scores_less()
    {
        var last = 0.0;
        for (var width = 0; width <= 100; width++)
        {
            var value = Score(Accuracy, [Right], FormattableString.Invariant($"100,100,{100 + width},200 {Math.Min(150, 100 + width)},150"))!.Value;
            value.Should().BeGreaterThanOrEqualTo(last, "at width {0}", width);
            last = value;
        }
        last.Should().Be(3);
    }

    [Fact]
    public void Objects_beyond_the_limit_are_not_looked_at()
    {   // The right one comes third: with 2 looked at 0 of 2, with 3 looked at 3 of 3 objects.
        string[] predicted = ["1,1,2,2 1,1", "1,1,2,2 1,1", Right];
        Score(new GroundingAccuracyReward { MaximumObjects = 2 }, [Right], predicted).Should().Be(0);
        Score(new GroundingAccuracyReward { MaximumObjects = 3 }, [Right], predicted).Should().Be(1);
        // 200 predictions: the mean is over the 120 that are looked at.
        Score(Accuracy, [Right], [Right, .. Enumerable.Repeat("1,1,2,2 1,1", 199)]).Should().Be(3.0 / 120);
    }

    [Theory]
    [InlineData(true, true, 2, 3)]
    [InlineData(false, true, 2, 0)]
    [InlineData(true, false, 0, 0)]
    [InlineData(false, false, 0, 0)]
    public void Nothing_there_is_right_for_an_empty_label_when_the_switch_is_on(bool emptyLabel, bool emptyMatchesEmpty, double format, double accuracy)
    {
        var example = Example(emptyLabel ? [] : [Right]);
        var score = VisionReasonerRewards.Suite(emptyMatchesEmpty).Score(new RolloutGroup(example, [Completion.OfText("<answer>[]</answer>")])).Scores[0];
        (score.Find("answer_format")!.Value, score.Find("accuracy")!.Value).Should().Be((format, accuracy));
    }

    [Fact]
    public void Boxes_where_nothing_is_are_well_formed_and_wrong()
    {
        Score(new GroundingFormatReward(), [], Right).Should().Be(2);
        Score(Accuracy, [], Right).Should().Be(0);
    }

    [Theory]
    [InlineData("""[{"bbox_2d": [1, 2, 3, 4], "point_2d": [1, 2]}]""", 2)]
    [InlineData("""[{"bbox_2d": [1, 2, 3, 4]}, {"bbox_2d": [1, 2, 3, 4], "point_2d": [1, 2]}]""", 1.5)]
    [InlineData("""[{"bbox_2d": [1, 2, 3], "point_2d": ["a", []]}]""", 1)]
    [InlineData("""[{}, {}, {"point_2d": [1, 2]}, {}]""", 0.25)]
    [InlineData("""["text", [1], {"bbox_2d": [1, 2, 3, 4], "point_2d": [1, 2]}, {}]""", 0.5)]
    // Python fails at the number, at the text that holds a key and at the list that does: what was counted before stays.
    [InlineData("""[{"bbox_2d": [1, 2, 3, 4], "point_2d": [1, 2]}, 7, {"bbox_2d": [1, 2, 3, 4], "point_2d": [1, 2]}, {}]""", 0.5)]
    [InlineData("""["my bbox_2d", {"bbox_2d": [1, 2, 3, 4]}]""", 0)]
    [InlineData("""[["point_2d"], {"bbox_2d": [1, 2, 3, 4]}]""", 0)]
    [InlineData("""{"bbox_2d": [1, 2, 3, 4], "point_2d": [1, 2]}""", 0)]
    [InlineData("no JSON", 0)]
    public void The_format_has_a_mark_each_for_four_and_for_two_averaged_over_the_list(string answer, double expected)
        => new GroundingFormatReward().Score(Example([Right]), Completion.OfText($"<answer>{answer}</answer>")).Should().Be(expected);

    [Fact]
    public void Without_an_answer_block_there_is_neither_format_nor_accuracy()
    {
        var bare = Completion.OfText("""[{"bbox_2d": [100, 100, 200, 200], "point_2d": [150, 150]}]""");
        new GroundingFormatReward().Score(Example([Right]), bare).Should().Be(0);
        Accuracy.Score(Example([Right]), bare).Should().Be(0);
    }

    [Fact]
    public void They_do_not_apply_to_labels_in_words_or_to_examples_without_label()
    {
        foreach (var target in new Target?[] { new TextTarget("7"), null })
            foreach (var reward in new IRewardFunction[] { Accuracy, new GroundingFormatReward() })
                reward.Score(VisionExample.Ask("a", "?", target), Completion.OfText("<answer>[]</answer>")).Should().BeNull();
    }

    [Fact]
    public void A_perfect_rollout_has_seven_and_the_label_without_thoughts_six()
    {
        var example = Example([Right, "5,5,9,9 7,7"]);
        var label = new LabelFormat().Write(example.Target!);
        var suite = VisionReasonerRewards.Suite();
        suite.Score(new RolloutGroup(example, [Completion.OfText("<think>two</think> " + label), Completion.OfText(label)])).Totals.Should().Equal(7, 6);
        suite.Maximum.Should().Be(7);
    }

    private static double? Score(IRewardFunction reward, string[] label, params string[] predicted)
        => reward.Score(Example(label), Completion.OfText(new LabelFormat().Write(Target(predicted))));

    private static VisionExample Example(string[] objects) => VisionExample.Ask("a", "?", Target(objects));

    /// <summary>"x1,y1,x2,y2 x,y" per object.</summary>
    private static GroundingTarget Target(string[] objects) => new([.. objects.Select(o =>
    {
        var n = o.Split(',', ' ').Select(double.Parse).ToArray();
        return new GroundedObject(new Box(n[0], n[1], n[2], n[3]), new PixelPoint(n[4], n[5]));
    })]);
}
