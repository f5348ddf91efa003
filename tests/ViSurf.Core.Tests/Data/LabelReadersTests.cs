using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>Every kind of label from a row of a file, and what a wrong one is told.</summary>
public sealed class LabelReadersTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    [Fact]
    public void Detections_are_boxes_with_classes_and_may_be_none()
    {
        var target = Label(""" "objects": [{"bbox_2d": [1, 2, 3, 4], "label": "cat"}, {"bbox_2d": [5, 6, 7, 8.5]}] """).Should().BeOfType<DetectionTarget>().Subject;
        target.Objects.Should().Equal(new LabelledBox(new Box(1, 2, 3, 4), "cat"), new LabelledBox(new Box(5, 6, 7, 8.5)));
        Label(""" "objects": "[]" """).Should().BeOfType<DetectionTarget>().Which.Objects.Should().BeEmpty();
    }

    [Fact]
    public void Another_form_of_detection_is_a_column_of_its_own()
    {
        var columns = new ColumnMap { Labels = [new LabelColumn("gt", LabelReaders.Detection(DetectionForm.VisualRft))] };
        var target = Label(""" "gt": [{"Position": [1, 2, 3, 4], "Confidence": 1}] """, columns).Should().BeOfType<DetectionTarget>().Subject;
        target.Serialize(new LabelFormat()).Should().Be("""[{"Position": [1, 2, 3, 4], "Confidence": 1.0}]""");
    }

    [Fact]
    public void Accepted_answers_are_texts_or_numbers()
        => Label(""" "answers": ["four", 4] """).Should().BeOfType<AnswersTarget>().Which.Accepted.Should().Equal("four", "4");

    [Fact]
    public void Actions_have_a_point_or_an_area_or_neither()
    {
        Label(""" "action": {"action": "Click", "point": [3, 4]} """).Should().Be(new GuiActionTarget("click", new PixelPoint(3, 4)));
        Label(""" "action": [{"action": "type", "bbox": [1, 2, 3, 4], "input_text": "hello"}] """).Should().Be(new GuiActionTarget("type", Area: new Box(1, 2, 3, 4), Text: "hello"));
        Label(""" "action": {"action": "press_back", "point": [-100, -100], "input_text": "no input text"} """).Should().Be(new GuiActionTarget("press_back"));
    }

    [Fact]
    public void Seg_Zero_has_a_box_and_two_points()
        => Label(""" "seg_zero": {"bbox": [1, 2, 9, 8], "points_1": [3, 4], "points_2": [5, 6]} """)
            .Should().Be(new SegZeroTarget(new Box(1, 2, 9, 8), new PixelPoint(3, 4), new PixelPoint(5, 6)));

    [Fact]
    public void Masks_are_run_lengths_as_numbers_or_as_COCO_s_text()
    {   // 2 rows, 3 columns; column by column: one outside, two inside, three outside
        var listed = Label(""" "mask": {"size": [2, 3], "counts": [1, 2, 3]} """).Should().BeOfType<MaskTarget>().Subject;
        listed.Mask.Area.Should().Be(2);
        var text = Label($$""" "mask": {"size": [2, 3], "counts": "{{listed.Mask.Compress()}}"} """).Should().BeOfType<MaskTarget>().Subject;
        text.Mask.Counts.Should().Equal(1, 2, 3);
        (text.Mask.Height, text.Mask.Width).Should().Be((2, 3));
    }

    [Theory]
    [InlineData(""" "objects": {"bbox_2d": [1, 2, 3, 4]} """, "bad \"objects\". Expected a JSON list of objects, got an object, "
        + "{\"bbox_2d\": [1, 2, 3, 4]}.")]
    [InlineData(""" "objects": [{"bbox_2d": [1, 2, 3]}] """, "bad \"objects\". Expected object 0 to have \"bbox_2d\" with 4 numbers, got {\"bbox_2d\": [1, 2, 3]}.")]
    [InlineData(""" "objects": [{"bbox_2d": [5, 2, 3, 4]}] """, "bad \"objects\". Expected x1 <= x2 and y1 <= y2 in object 0*")]
    [InlineData(""" "objects": "cats" """, "bad \"objects\". Expected JSON, got the text \"cats\": *")]
    [InlineData(""" "answers": [] """, "bad \"answers\". Expected at least one accepted answer, got an empty list.")]
    [InlineData(""" "answers": [["a"]] """, "bad \"answers\". Expected a text or a number, got a list, [\"a\"].")]
    [InlineData(""" "action": {"point": [1, 2]} """, "bad \"action\". Expected an object with an \"action\" in words, got an object, "
        + "{\"point\": [1, 2]}.")]
    [InlineData(""" "action": {"action": "click", "point": [1]} """, "bad \"action\". Expected the action to have \"point\" with 2 numbers*")]
    [InlineData(""" "seg_zero": {"bbox": [1, 2, 9, 8], "points_1": [3, 4]} """, "bad \"seg_zero\". Expected the label to have \"points_2\" with 2 numbers*")]
    [InlineData(""" "mask": {"size": [2, 3], "counts": [1, 2]} """, "bad \"mask\". Expected runs that fill 2 × 3 = 6 pixels, got 3.")]
    [InlineData(""" "mask": {"size": [100000, 100000], "counts": [10000000000]} """, "bad \"mask\". Expected a mask of at most 178956970 "
        + "pixels, as many as a picture may have, got 100000 × 100000.")]
    [InlineData(""" "mask": {"size": [1000000, 1000000], "counts": "0"} """, "bad \"mask\". Expected a mask of at most 178956970 pixels*")]
    [InlineData(""" "mask": {"size": [2147483647, 2147483647], "counts": [4611686014132420609]} """, "bad \"mask\". Expected a mask of "
        + "at most 178956970 pixels*")]
    [InlineData(""" "mask": {"size": [2, 3], "counts": [9223372036854775807, 9223372036854775807]} """, "bad \"mask\". Expected runs "
        + "from 0 up that fill 2 × 3 = 6 pixels*")]
    [InlineData(""" "mask": {"size": [2, 3]} """, "bad \"mask\". Expected COCO's run lengths*")]
    [InlineData(""" "objects": [{"bbox_2d": [1, 2, 3, 4], "label": ["cat"]}] """, "bad \"objects\". "
        + "Expected \"label\" of object 0 to be a text or a number, got a list, [\"cat\"].")]
    [InlineData(""" "objects": [{"bbox_2d": [1, 2, 3, 4], "label": "a"}, {"bbox_2d": [1, 2, 3, 4], "label": true}] """,
        "bad \"objects\". Expected \"label\" of object 1 to be a text or a number, got true.")]
    [InlineData(""" "objects": [{"bbox_2d": [1, 2, 3, 4], "label": {"name": "cat"}}] """, "bad \"objects\". "
        + "Expected \"label\" of object 0 to be a text or a number, got an object, *")]
    [InlineData(""" "objects": [{"bbox_2d": [1, 2, 3, 4], "label": "a", "label": "b"}] """, "expected one JSON object per line, "
        + "got a key twice in one object ('label').", false)]
    [InlineData(""" "objects": "[{\"bbox_2d\": [1, 2, 3, 4], \"label\": 1, \"label\": 2}]" """, "bad \"objects\". Expected JSON, "
        + "got the text *: a key twice in one object ('label').")]
    [InlineData(""" "objects": "[{'bbox_2d': [1, 2, 3, 4]}]" """, "*write rows with json.dumps*")]
    [InlineData(""" "action": {"action": ["click"], "point": [1, 2]} """, "bad \"action\". Expected an object with an \"action\" "
        + "in words, got *")]
    [InlineData(""" "action": {"action": "type", "input_text": ["hello"]} """, "bad \"action\". Expected \"input_text\" of the action to "
        + "be a text or a number, got a list, [\"hello\"].")]
    [InlineData(""" "action": {"action": "type", "input_text": false} """, "bad \"action\". Expected \"input_text\" of the action to be "
        + "a text or a number, got false.")]
    [InlineData(""" "action": {"action": "click", "point": "1, 2"} """, "bad \"action\". Expected the action to have \"point\" "
        + "with 2 numbers*")]
    [InlineData(""" "action": {"action": "click", "bbox": 7} """, "bad \"action\". Expected the action to have \"bbox\" with 4 numbers*")]
    public void A_wrong_label_says_what_was_expected(string label, string message, bool readable = true)
        => FluentActions.Invoking(() => Label(label)).Should().Throw<InvalidDataException>()
            .WithMessage($"*rows.jsonl:1{(readable ? " (id '1')" : "")}: {message}");

    [Fact]
    public void A_class_that_is_a_number_is_its_text()
    {   // COCO's category ids
        var target = Label(""" "objects": [{"bbox_2d": [1, 2, 30, 40], "label": 5}, {"bbox_2d": [1, 2, 3, 4], "label": 7.50}, {"bbox_2d": [1, 2, 3, 4], "label": null}] """);
        target.Should().BeOfType<DetectionTarget>().Which.Objects.Select(o => o.Label).Should().Equal("5", "7.50", null);
        Label(""" "action": {"action": "type", "input_text": 42} """).Should().Be(new GuiActionTarget("type", Text: "42"));
    }

    public void Dispose() => _folder.Dispose();

    private Target? Label(string member, ColumnMap? columns = null)
    {
        File.WriteAllText(_folder.File("rows.jsonl"), $$"""{"id": 1, "images": [], "problem": "?", {{member}}}""");
        return JsonLinesDataset.Load(_folder.File("rows.jsonl"), new RowOptions { Columns = columns ?? new() }).Single().Target;
    }
}
