using FluentAssertions;
using ViSurf.Core.Data;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>How labels of each kind are written.</summary>
public sealed class TargetsTests
{
    private static readonly Box Box = new(1, 2.5, 30, 40);

    public static TheoryData<string, Target> Labels => new()
    {
        { """[{"bbox_2d": [1, 2.5, 30, 40], "label": "a \"cat\" é"}, {"bbox_2d": [0, 0, 1, 1]}]""", new DetectionTarget([new LabelledBox(Box, "a \"cat\" é"), new LabelledBox(new Box(0, 0, 1, 1))]) },
        { """[{"Position": [1, 2.5, 30, 40], "Confidence": 1.0}]""", new DetectionTarget([new LabelledBox(Box, "cat")]) { Form = DetectionForm.VisualRft } },
        { "[]", new DetectionTarget([]) },
        { """{"bbox": [1, 2.5, 30, 40], "points_1": [3, 4], "points_2": [5, 6]}""", new SegZeroTarget(Box, new PixelPoint(3, 4), new PixelPoint(5, 6)) },
        { """[{"action": "click", "point": [16, 21], "input_text": "no input text"}]""", new GuiActionTarget("click", Area: Box) },
        { """[{"action": "type", "point": [-100, -100], "input_text": "say \"hi\""}]""", new GuiActionTarget("type", Text: "say \"hi\"") },
        { """{"size": [2, 3], "counts": "06"}""", new MaskTarget(new RunLengthMask(2, 3, [0, 6])) },
        { "first", new AnswersTarget(["first", "second"]) },
    };

    [Theory]
    [MemberData(nameof(Labels))]
    public void A_label_is_written_as_the_policy_writes(string expected, Target target) => target.Serialize(new LabelFormat()).Should().Be(expected);

    [Fact]
    public void Separators_are_the_formats()
        => new DetectionTarget([new LabelledBox(new Box(1, 2, 3, 4), "cat")]).Serialize(LabelFormat.Compact).Should().Be("""[{"bbox_2d":[1,2,3,4],"label":"cat"}]""");

    [Fact]
    public void A_label_without_answers_cannot_be_written()
        => new AnswersTarget([]).Invoking(t => t.Serialize(new LabelFormat())).Should().Throw<InvalidDataException>();
}
