using FluentAssertions;
using Quickstart;
using TinyBase.Shapes;
using ViSurf.Core.Data;
using Xunit;

namespace ViSurf.Core.Tests.Samples;

public class QuickstartTests
{
    private static readonly Row Present = new RowGenerator(1, "q", new RowMix(1, 0, 0, 0))[0];
    private static readonly Row Absent = new RowGenerator(1, "q", new RowMix(0, 1, 0, 0))[0];

    [Fact]
    public void Scores_are_shares_of_the_rows_they_speak_of()
    {   // Present: one exact box with a thought, one box of half the area without. Absent: one empty list, one box.
        var box = new Box(0, 0, 10, 10);
        var there = new GroundingTarget([new GroundedObject(box, new PixelPoint(5, 5))]);
        const string exact = """[{"bbox_2d": [0, 0, 10, 10], "point_2d": [5, 5]}]""";
        const string half = """[{"bbox_2d": [0, 0, 10, 5], "point_2d": [5, 2]}]""";
        var score = HeldOutScore.Of(
        [
            Predict(there, $"<think>x</think><answer>{exact}</answer>"),
            Predict(there, $"<answer>{half}</answer>"),
            Predict(new GroundingTarget([]), "<think>x</think><answer>[]</answer>"),
            Predict(new GroundingTarget([]), $"<answer>{exact}</answer>"),
        ]);
        score.Should().Be(new HeldOutScore(GIoU: (1 + 0.5) / 2, NAcc: 0.5, BoxAccuracy: 0.5, Thinking: 0.5));
    }

    [Theory]
    [InlineData("no tags")]
    [InlineData("<answer>[{]</answer>")]
    [InlineData("</answer><answer>")]
    public void An_answer_that_cannot_be_read_is_neither_a_box_nor_an_empty_list(string text)
        => Predict(new GroundingTarget([]), text).Boxes.Should().BeNull();

    [Fact]
    public void Generated_rows_pass_the_check()
        => FluentActions.Invoking(() => RowCheck.All([Present.Example(), Absent.Example()], "rows.jsonl")).Should().NotThrow();

    [Fact]
    public void A_row_without_a_label_is_named()
        => Check(Present.Example() with { Target = null }).WithMessage("rows.jsonl: row 'q-0000' has no label*");

    [Fact]
    public void A_broken_picture_is_named()
    {
        var png = SceneRenderer.Png(Present.Scene);
        Check(Present.Example() with { Images = [ImageSource.FromBytes(png.AsMemory(0, png.Length / 2), "half.png")] }).WithMessage("*'half.png'*broken*");
        Check(Present.Example() with { Images = [ImageSource.FromBytes(new byte[40], "zero.png")] }).WithMessage("*'zero.png'*broken*");
    }

    [Fact]
    public void A_box_outside_its_picture_is_named()
    {
        var box = new Box(0, 0, Present.Scene.Width + 1, 10);
        Check(Present.Example() with { Target = new GroundingTarget([new GroundedObject(box, new PixelPoint(1, 1))]) })
            .WithMessage($"*'q-0000'*{Present.Scene.Width + 1}*not a rectangle inside*");
    }

    private static FluentAssertions.Specialized.ExceptionAssertions<InvalidDataException> Check(VisionExample row)
        => FluentActions.Invoking(() => RowCheck.All([row], "rows.jsonl")).Should().Throw<InvalidDataException>();

    private static Prediction Predict(Target truth, string text) => new(VisionExample.Ask("row", "?", truth), text);
}
