using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Parsing;
using Xunit;

namespace ViSurf.Core.Tests.Rewards.Parsing;

/// <summary>Answers that are JSON: detections, actions, masks, Seg-Zero's object.</summary>
public sealed class StructuredAnswersTests
{
    [Theory]
    [InlineData("""<answer>[{"bbox_2d": [1, 2, 3, 4], "label": "cat"}]</answer>""", 1)]
    [InlineData("""<think>a</think> ```json [{"bbox_2d": [1, 2, 3, 4], "label": "cat", "more": {"a": [1]}}] ```""", 1)]
    [InlineData("[]", 0)]
    [InlineData("<answer>None</answer>", 0)]
    [InlineData("""[{"bbox_2d": [1, 2, 3]}]""", null)]
    [InlineData("""[{"bbox_2d": [1, 2, 3, NaN]}]""", null)]
    [InlineData("""[{"bbox_2d": [1, 2, 3, 4], "label": 7}]""", null)]
    [InlineData("""[{"box": [1, 2, 3, 4]}]""", null)]
    [InlineData("""[{"bbox_2d": [1, 2, 3, 4]}] and more""", null)]
    [InlineData("""[{"bbox_2d": [1, 2, 3, 4]},]""", null)]
    [InlineData("[1, 2, 3, 4]", null)]
    [InlineData("", null)]
    public void Detections(string text, int? count) => (DetectionAnswer.FromText(text, DetectionForm.Qwen)?.Count).Should().Be(count);

    [Theory]
    [InlineData("[{'Position': [1, 2, 3, 4], 'Confidence': 0.5}]", 1)]
    [InlineData("""[[{"Position": [1, 2, 3, 4], "Confidence": 0.5}]]""", 1)]
    [InlineData("""[{"Position": [1, 2, 3, 4], "Confidence": 0.5}, {"Position": [1, 2""", 1)]
    [InlineData("""[{"Position": [1, 2, 3, 4], "Confidence": 1.5}]""", null)]
    public void What_Visual_RFT_mends_is_mended_only_when_asked_for(string text, int? count)
    {
        (DetectionAnswer.FromText(text, DetectionForm.VisualRft, repair: true)?.Count).Should().Be(count);
        DetectionAnswer.FromText(text, DetectionForm.VisualRft).Should().BeNull();
    }

    [Theory]
    [InlineData("""<answer>[{"action": "Click", "point": [1, 2], "input_text": "no input text"}]</answer>""", "click")]
    [InlineData("[{'action': 'type', 'point': [-100, -100], 'input_text': 'hi'}]", "type")]
    [InlineData("""[{"action": "click", "point": [1.5, 2], "input_text": ""}]""", null)]
    [InlineData("""[{"action": "click", "point": [1, 2]}]""", null)]
    [InlineData("[]", null)]
    public void Actions(string text, string? action) => (GuiActionAnswer.FromText(text)?[0].Action).Should().Be(action);

    [Theory]
    [InlineData("scroll", "down", true)]
    [InlineData("scroll", "sideways", false)]
    [InlineData("type", "no input text", false)]
    [InlineData("type", "hi", true)]
    [InlineData("click", "no input text", true)]
    public void An_action_is_complete_with_the_text_it_needs(string action, string text, bool expected)
        => new GuiActionAnswer(action, default, text).IsComplete.Should().Be(expected);

    [Theory]
    [InlineData("""{"size": [2, 3], "counts": [0, 6]}""", true)]
    [InlineData("""{"size": [2, 3], "counts": "06"}""", true)]
    [InlineData("""{"size": [2, 3], "counts": [0, 5]}""", false)]
    [InlineData("""{"size": [2, 3], "counts": [-1, 7]}""", false)]
    [InlineData("""{"size": [1e300, 3], "counts": [6]}""", false)]
    [InlineData("""{"size": [3000000000, 3000000000], "counts": [9000000000000000000]}""", false)]
    [InlineData("""{"size": [2, 3], "counts": [6.0]}""", false)]
    [InlineData("""{"size": [2, 3]}""", false)]
    [InlineData("mask", false)]
    public void Masks(string text, bool readable) => (MaskAnswer.FromText(text) is not null).Should().Be(readable);

    [Fact]
    public void Seg_Zeros_object_is_found_by_its_keys()
    {
        var strict = SegZeroAnswer.FromText("""<answer>{"bbox": [1, 2, 3, 4], "points_1": [1, 2], "points_2": [3, 4]}</answer>""")!;
        (strict.HasExactKeys, strict.HasKeys, strict.Second).Should().Be((true, true, new PixelPoint(3, 4)));
        var soft = SegZeroAnswer.FromText("""{"My_Bbox": [1, 2, 3, 4], "point a": [1, 2], "point b": [3, 4.9], "more": 1}""")!;
        (soft.HasExactKeys, soft.HasKeys, soft.Box, soft.Second).Should().Be((false, true, new Box(1, 2, 3, 4), new PixelPoint(3, 4)));
        var half = SegZeroAnswer.FromText("""{"My_Bbox": [1, 2, 3, 4], "point a": [1, 2], "point b": [3]}""")!;
        (half.HasKeys, half.Second).Should().Be((false, null));
        SegZeroAnswer.FromText("""{"My_Bbox": [1, 2, 3, 4], "point a": [1, 2], "point b": [3, 4]}""", exactKeys: true)!.Box.Should()
            .BeNull();
        SegZeroAnswer.FromText("{1}").Should().BeNull();
    }
}
