using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Testing;
using ViSurf.Core.Tests.Rewards.Measures;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

/// <summary>Detection, referring and Seg-Zero rewards by hand, and the properties they share.</summary>
public sealed class DetectionRewardsTests
{
    private static readonly Box A = new(0, 0, 10, 10), B = new(20, 20, 30, 30);

    private static readonly VisionExample Two = Target(new DetectionTarget([new LabelledBox(A), new LabelledBox(B)]) { Form = DetectionForm.VisualRft });

    /// <summary>Every reward that compares lists of boxes.</summary>
    private static readonly IRewardFunction[] All =
    [
        DetectionRewards.Format(), DetectionRewards.Iou(), DetectionRewards.Iou(new DetectionOptions { LengthAware = true, ThresholdIncluded = true, MinimumOverlap = 0.3 }),
        DetectionRewards.Confidence(), DetectionRewards.AveragePrecision(), DetectionRewards.Weighted(),
    ];

    private static readonly Gen<(Box, double)[]> Predictions = Gen.Select(BoxOverlapTests.WholeBoxes, Pick.From(0.25, 0.5, 1.0), (box, confidence) => (box, confidence)).Array[0, 8];

    private static readonly Gen<VisionExample> Examples = BoxOverlapTests.WholeBoxes.Array[0, 5]
        .Select(boxes => Target(new DetectionTarget([.. boxes.Select(b => new LabelledBox(b))]) { Form = DetectionForm.VisualRft }));

    [Fact]
    public void Overlap_is_summed_over_matches_and_divided_by_the_longer_list()
    {   // A matched exactly (1), B by [20, 20, 30, 28] (80/100), one surplus box: (1 + 0.8) / 3.
        var value = DetectionRewards.Iou().Score(Two, Written((A, 0.9), (new Box(20, 20, 30, 28), 0.8), (new Box(50, 50, 60, 60), 0.7)));
        value.Should().BeApproximately(1.8 / 3, 1e-12);
    }

    [Fact]
    public void The_more_confident_prediction_takes_the_object()
    {   // [0, 0, 10, 6] (0.6) comes first and takes A; the exact box is left with nothing: (0.6 + 0) / 2.
        DetectionRewards.Iou().Score(Two, Written((A, 0.5), (new Box(0, 0, 10, 6), 0.9))).Should().BeApproximately(0.3, 1e-12);
    }

    [Fact]
    public void Confidence_is_right_where_it_matches_and_doubt_where_it_does_not()
        // 0.9 for the match, 1 − 0.3 for the other: 1.6 / 2.
        => DetectionRewards.Confidence().Score(Two, Written((A, 0.9), (new Box(50, 50, 60, 60), 0.3))).Should().BeApproximately(0.8, 1e-12);

    [Fact]
    public void The_weighted_sum_counts_position_and_completeness()
    {   // One of two found exactly, one of two predictions wrong: 0.7 · 1/2 + 0.3 · (1 − (1/2 + 1/2) / 2) = 0.35 + 0.15.
        DetectionRewards.Weighted().Score(Two, Written((A, 1), (new Box(50, 50, 60, 60), 1))).Should().BeApproximately(0.5, 1e-12);
        DetectionRewards.Weighted(position: 2, completeness: 1).Maximum.Should().Be(3);
    }

    [Fact]
    public void A_pair_of_two_classes_takes_both_and_counts_for_completeness_alone()
    {   // Paired by overlap 1, classes swapped: 0.7 · 0 + 0.3 · (1 − 0). The cat that overlaps less finds its object taken: 0 + 0.3 · (1 − (0 + 1/2)/2).
        var example = Target(new DetectionTarget([new LabelledBox(A, "cat")]));
        DetectionRewards.Weighted().Score(example, Completion.OfText("""[{"bbox_2d": [0, 0, 10, 10], "label": "dog"}]""")).Should()
            .BeApproximately(0.3, 1e-12);
        DetectionRewards.Weighted().Score(example,
            Completion.OfText("""[{"bbox_2d": [0, 0, 10, 10], "label": "dog"}, {"bbox_2d": [0, 0, 10, 8], "label": "cat"}]"""))
            .Should().BeApproximately(0.225, 1e-12);
        DetectionRewards.Weighted(new DetectionOptions { ThresholdIncluded = true, IgnoreClasses = true })
            .Score(example, Completion.OfText("""[{"bbox_2d": [0, 0, 10, 10], "label": "dog"}]""")).Should().BeApproximately(1, 1e-12);
    }

    [Theory]
    [InlineData(true, 0.5)]
    [InlineData(false, 0)]
    public void Exactly_the_threshold_matches_only_when_it_is_included(bool included, double expected)
        // [0, 0, 10, 5] overlaps A by exactly one half; one of two objects: 0.5 / 2 … of one prediction and one object: 0.5.
        => DetectionRewards.Iou(new DetectionOptions { ThresholdIncluded = included })
            .Score(Target(new DetectionTarget([new LabelledBox(A)]) { Form = DetectionForm.VisualRft }), Written((new Box(0, 0, 10, 5), 1))).Should().Be(expected);

    [Fact]
    public void Another_class_does_not_match_unless_classes_are_ignored()
    {
        var example = Target(new DetectionTarget([new LabelledBox(A, "cat")]));
        var dog = Completion.OfText("""[{"bbox_2d": [0, 0, 10, 10], "label": "dog"}]""");
        DetectionRewards.Iou().Score(example, dog).Should().Be(0);
        DetectionRewards.Iou(new DetectionOptions { IgnoreClasses = true }).Score(example, dog).Should().Be(1);
        DetectionRewards.AveragePrecision(options: new DetectionOptions { IgnoreClasses = true }).Score(example, dog).Should().BeApproximately(1, 1e-12);
        DetectionRewards.Iou().Score(example, Completion.OfText("""[{"bbox_2d": [0, 0, 10, 10], "label": " Cat"}]""")).Should().Be(1);
    }

    [Fact]
    public void Surplus_boxes_cost_when_length_counts()
    {   // AP of one object found first among two boxes as written is 1; one object for two boxes halves it.
        var suite = RewardPresets.VlmR1Map();
        var example = Target(new DetectionTarget([new LabelledBox(A)]));
        var text = """<think></think><answer>[{"bbox_2d": [0, 0, 10, 10]}, {"bbox_2d": [50, 50, 60, 60]}]</answer>""";
        suite.Score(new RolloutGroup(example, [Completion.OfText(text)])).Scores[0].Find("average_precision")!.Value.Should().BeApproximately(0.5, 1e-12);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void Nothing_for_nothing_is_worth_what_the_option_says(bool matches, double expected)
    {
        var nothing = Target(new DetectionTarget([]));
        foreach (var reward in new[] { DetectionRewards.Iou(Option()), DetectionRewards.Confidence(Option()), DetectionRewards.AveragePrecision(options: Option()), DetectionRewards.Weighted(Option()) })
        {
            reward.Score(nothing, Completion.OfText("<answer>[]</answer>")).Should().Be(expected);
            reward.Score(nothing, Written((A, 1))).Should().Be(0);
            reward.Score(Two, Completion.OfText("<answer>[]</answer>")).Should().Be(0);
        }

        DetectionOptions Option() => new() { EmptyMatchesEmpty = matches };
    }

    [Fact]
    public void Values_stay_in_range_and_do_not_depend_on_the_order()
        => Gen.Select(Examples, Predictions).SelectMany((example, predicted) => Pick.Shuffled(predicted).Select(other => (example, predicted, other))).Sample(t =>
        {
            foreach (var reward in All)
            {
                var value = reward.Score(t.example, Written(t.predicted))!.Value;
                value.Should().BeInRange(reward.Minimum, reward.Maximum);
                reward.Score(t.example, Written(t.other))!.Value.Should().BeApproximately(value, 1e-12, reward.Name);
            }
        }, iter: 500);

    [Fact]
    public void The_label_scores_the_maximum()
        => Examples.Sample(example =>
        {
            foreach (var reward in All) reward.Score(example, Some.Label(example))!.Value.Should().BeApproximately(reward.Maximum, 1e-12, reward.Name);
        }, iter: 300);

    [Fact]
    public void A_better_overlap_never_scores_less()
    {
        var one = Target(new DetectionTarget([new LabelledBox(new Box(0, 0, 100, 100))]) { Form = DetectionForm.VisualRft });
        foreach (var reward in All.Append(ReferringRewards.Iou()).Append(ReferringRewards.GeneralizedIou()).Append(ReferringRewards.Iou(2)))
        {
            var last = 0.0;
            for (var width = 1; width <= 100; width++)
            {
                var value = reward.Score(one, Written((new Box(0, 0, width, 100), 1)))!.Value;
                value.Should().BeGreaterThanOrEqualTo(last - 1e-12, $"{reward.Name} at {width}");
                last = value;
            }
            last.Should().BeApproximately(reward.Maximum, 1e-9, reward.Name);
        }
    }

    [Fact]
    public void Referring_rewards_read_the_first_box_of_one_object()
    {
        var one = Some.Grounding(new Box(0, 0, 10, 10));
        ReferringRewards.Iou().Score(one, Completion.OfText("<answer>{\"bbox\": [0, 0, 10, 5]}</answer>")).Should().Be(0.5);
        ReferringRewards.Iou(power: 2).Score(one, Completion.OfText("(0,0),(10,5)")).Should().Be(0.25);
        // Side by side, 10 apart: hull 30 × 10, union 200 → GIoU −100/300, plus 1.
        ReferringRewards.GeneralizedIou().Score(one, Completion.OfText("[20, 0, 30, 10]")).Should().BeApproximately(2.0 / 3, 1e-12);
        ReferringRewards.Iou().Score(Two, Completion.OfText("[0, 0, 10, 10]")).Should().BeNull();
        ReferringRewards.Format().Score(one, Completion.OfText("<think></think><answer>{\"bbox\": [0, 0, 10, 5]}</answer>")).Should().Be(1);
        ReferringRewards.Format().Score(one, Completion.OfText("<think></think><answer>{\"bbox\": [0, 0, 10.5, 5]}</answer>")).Should().Be(0);
        ReferringRewards.Format().Score(one, Completion.OfText("<answer>{\"bbox\": [0, 0, 10, 5]}</answer>")).Should().Be(0);
    }

    [Theory]
    [InlineData("""{"bbox": [100, 100, 300, 300], "points_1": [150, 150], "points_2": [250, 250]}""", 5)]
    [InlineData("""{"bbox": [100, 100, 300, 300], "points_1": [250, 250], "points_2": [150, 150]}""", 5)] // crossed
    [InlineData("""{"bbox": [100, 100, 300, 340], "points_1": [150, 150], "points_2": [250, 250]}""", 4)] // mean distance 10 is not below 10
    [InlineData("""{"bbox": [100, 100, 300, 300], "points_1": [150, 150], "points_2": [350, 250]}""", 4)] // outside of its box
    [InlineData("""{"bbox": [100, 100, 300, 300], "points_1": [150, 150], "points_2": [250, 250], "more": 1}""",
        5)] // a fourth key does no harm
    [InlineData("""{"bbox": [500, 500, 600, 600], "points_1": [550, 550], "points_2": [560, 560]}""", 2)] // format alone
    [InlineData("nothing", 1)]
    public void Seg_Zero_adds_five_marks(string answer, double expected)
    {
        var example = Target(new SegZeroTarget(new Box(100, 100, 300, 300), new PixelPoint(150, 150), new PixelPoint(250, 250)));
        SegZeroRewards.Suite().Score(new RolloutGroup(example, [Completion.OfText($"<think>a</think><answer>{answer}</answer>")])).Totals.Should().Equal(expected);
    }

    [Fact]
    public void Presence_asks_whether_anything_is_there()
    {
        var reward = new PresenceReward();
        foreach (var (example, text, expected) in new[] { (Some.Grounding(), "[]", 1), (Some.Grounding(A), "[]", 0), (Some.Grounding(), "x", 0), (Some.Grounding(B), """[{"bbox_2d": [1, 1, 2, 2]}]""", 1) })
            reward.Score(example, Completion.OfText($"<answer>{text}</answer>")).Should().Be(expected);
    }

    private static VisionExample Target(Target target) => Some.Example(target);

    private static Completion Written(params (Box Box, double Confidence)[] predicted)
        => Completion.OfText("<answer>[" + string.Join(", ", predicted.Select(p
            => FormattableString.Invariant($$"""{"Position": [{{p.Box.X1}}, {{p.Box.Y1}}, {{p.Box.X2}}, {{p.Box.Y2}}], "Confidence": {{p.Confidence}}}"""))) + "]</answer>");
}
