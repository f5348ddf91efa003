using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;
using ViSurf.Core.Testing;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

/// <summary>Presets named after systems give what those systems give: the values of their own functions on the same texts.</summary>
public sealed class SystemRewardsTests
{
    [Fact]
    public void Visual_RFTs_detection()
        => Each("visual_rft", item => new DetectionTarget([.. Boxes(item)
            .Select(box => new LabelledBox(box))]) { Form = DetectionForm.VisualRft }, RewardPresets.VisualRftDetection(),
            ("iou", "detection_iou"), ("confidence", "detection_confidence"), ("format", "thinking_format"));

    [Fact]
    public void Visual_RFTs_classification()
        => Each("visual_rft_classification", Text, RewardPresets.VisualRftClassification(), ("value", "classification"));

    [Fact]
    public void VLM_R1s_weighted_detection() => Each("vlm_r1_weighted",
        item => new DetectionTarget([.. item.GetProperty("label").EnumerateArray()
            .Select(o => new LabelledBox(BoxOf(o[0]), o[1].GetString()))]),
        RewardPresets.VlmR1WeightedDetection(), ("value", "weighted_detection"));

    [Fact]
    public void VLM_R1s_referring_expressions()
        => Each("vlm_r1_rec", item => new GroundingTarget([new GroundedObject(BoxOf(item.GetProperty("label")), default)]),
            RewardPresets.VlmR1Rec(),
            ("iou", "box_iou"), ("format", "thinking_format"));

    [Fact]
    public void EasyR1s_r1v() => Each("easyr1_r1v", Text, RewardPresets.EasyR1Vision(), ("accuracy", "math"),
        ("format", "thinking_format"));

    [Fact]
    public void DAPOs_answer_line() => Each("dapo", Text, RewardPresets.DapoMath(100, 20), ("value", "answer_line"));

    [Fact]
    public void DAPOs_overlong_punishment()
    {
        foreach (var item in Items("dapo_overlong"))
            RewardPresets.DapoMath(100, 20)
                .Score(new RolloutGroup(Some.Example("1"), [Some.Completion("x", item.GetProperty("tokens").GetInt32())])).Scores[0]
                .Find("overlong")!.Value.Should().BeApproximately(item.GetProperty("value").GetDouble(), 1e-12);
    }

    [Fact]
    public void GUI_R1() => Each("gui_r1", item =>
    {
        var label = item.GetProperty("label");
        double[] place = [.. label.GetProperty("gt_bbox").EnumerateArray().Select(n => n.GetDouble())];
        return new GuiActionTarget(label.GetProperty("action").GetString()!, place is [var x, var y] ? new PixelPoint(x, y) : null,
            place.Length == 4 ? new Box(place[0], place[1], place[2], place[3]) : null, label.GetProperty("input_text").GetString());
    }, RewardPresets.GuiR1(), ("accuracy", "gui_action"), ("format", "thinking_format"));

    [Fact]
    public void A_total_of_GUI_R1_is_eight_parts_accuracy_and_two_parts_format()
        => RewardPresets.GuiR1().Score(Some.Group(Some.Example(new GuiActionTarget("press_back")),
            "<think>a</think><answer>[{'action': 'press_back', 'point': [0, 0], 'input_text': "
                + "'no input text'}]</answer>", "<answer>{'action': 'press_back'}</answer>")).Totals
            .Take(2).Select(total => Math.Round(total, 9)).Should().Equal(1, 0.8);

    [Theory]
    // The first braces of the whole text count, from one to the next closing one; more keys do not matter; points are cut to whole pixels.
    [InlineData("""<think>a</think><answer>{"bbox": [100, 100, 300, 300], "points_1": [150, 150], "points_2": [250, 250], "more": 1}</answer>""", "1 1 1 1 1")]
    [InlineData("""<think>{"bbox": [100, 100, 300, 300], "points_1": [150, 150], "points_2": [250, 250]}</think><answer>{"bbox": [1, 2]}</answer>""", "1 1 1 1 1")]
    [InlineData("""<think>a {hm}</think><answer>{"bbox": [100, 100, 300, 300], "points_1": [150, 150], "points_2": [250, 250]}</answer>""",
        "1 0 0 0 0")]
    [InlineData("""<think>a {}</think><answer>{"bbox": [100, 100, 300, 300], "points_1": [150, 150], "points_2": [250, 250]}</answer>""",
        "1 1 1 1 1")]
    [InlineData("""{"bbox": [100, 100, 300, 300], "points_1": [150, 150], "points_2": [300.9, 300.9]}""", "0 1 1 1 1")]
    [InlineData("""{"bbox": ["a", "b", "c", "d"], "points_1": ["x", "y"], "points_2": [1, 2]}""", "0 1 0 0 0")]
    [InlineData("""{"bbox": "", "points_1": "", "points_2": ""}""", "0 0 0 0 0")]
    // Edges are pixels: 201 · 101 of 201 · 201 is 0.502, and 0.5 without them.
    [InlineData("""{"bbox": [100, 100, 300, 200], "points_1": [150, 150], "points_2": [200, 200]}""", "0 1 1 0 1")]
    public void Seg_Zero_strict(string text, string expected)
    {
        var example = Some.Example(new SegZeroTarget(new Box(100, 100, 300, 300), new PixelPoint(150, 150), new PixelPoint(250, 250)));
        RewardPresets.SegZero().Score(Some.Group(example, text)).Scores[0].Components.Select(c => $"{c.Value}").Should()
            .Equal(expected.Split(' '));
    }

    [Fact]
    public void VLM_R1s_average_precision_counts_the_last_answer_and_the_length()
    {
        var example = Some.Example(new DetectionTarget([new LabelledBox(new Box(0, 0, 10, 10), "cat")]));
        const string Cat = """{"bbox_2d": [0, 0, 10, 10], "label": "cat"}""", Dog = """{"bbox_2d": [0, 0, 10, 10], "label": "dog"}""";
        foreach (var (text, expected, plain) in new[]
        {
            ($"<answer>[{Cat}]</answer>", 1, 1), ($"<answer>```json\n[{Cat}]\n```</answer>", 1, 1),
            ($"<answer>[{Cat}, {Dog}]</answer>", 0.5, 1), ($"<answer>[{Dog}]</answer>", 0, 0),
            ($"<answer>[{Cat}]</answer><answer>[]</answer>", 0, 0), ($"<answer>x</answer><answer>[{Cat}]</answer>", 1, 1),
            ($"[{Cat}]", 0, 0), ("<answer>None</answer>", 0, 0),
            // An object without a box is no prediction, but part of the length.
            ($"<answer>[{Cat}, {{\"label\": \"cat\"}}]</answer>", 0.5, 1),
        })
        {
            VlmR1Rewards.AveragePrecision().Score(example, Some.Completion(text))!.Value.Should().BeApproximately(expected, 1e-9, text);
            VlmR1Rewards.AveragePrecision(lengthAware: false, ap50: true).Score(example, Some.Completion(text))!.Value.Should()
                .BeApproximately(plain, 1e-9, text);
        }
        var nothing = Some.Example(new DetectionTarget([]));
        VlmR1Rewards.AveragePrecision().Score(nothing, Some.Completion("<answer>None</answer>")).Should().Be(1);
        VlmR1Rewards.AveragePrecision().Score(nothing, Some.Completion($"<answer>[{Cat}]</answer>")).Should().Be(0);
    }

    private static void Each(string name, Func<JsonElement, Target> target, RewardSuite suite,
        params (string Key, string Component)[] values)
    {
        foreach (var item in Items(name))
        {
            var text = item.GetProperty("text").GetString()!;
            var score = suite.Score(new RolloutGroup(Some.Example(target(item)), [Some.Completion(text)])).Scores[0];
            foreach (var (key, component) in values)
                score.Find(component)!.Value!.Value.Should().BeApproximately(item.GetProperty(key).GetDouble(), 1e-9, "{0} of {1} for {2}",
                    component, text, item.GetProperty("label"));
        }
    }

    private static JsonElement[] Items(string name)
    {
        using var json = Fixtures.Json("system_rewards.json");
        JsonElement[] items = [.. json.RootElement.GetProperty(name).EnumerateArray().Select(item => item.Clone())];
        items.Should().NotBeEmpty();
        return items;
    }

    private static Target Text(JsonElement item) => new TextTarget(item.GetProperty("label").GetString()!);

    private static IEnumerable<Box> Boxes(JsonElement item) => item.GetProperty("label").EnumerateArray().Select(BoxOf);

    private static Box BoxOf(JsonElement numbers)
        => new(numbers[0].GetDouble(), numbers[1].GetDouble(), numbers[2].GetDouble(), numbers[3].GetDouble());
}
