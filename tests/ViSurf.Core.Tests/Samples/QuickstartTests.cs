using FluentAssertions;
using Quickstart;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using Xunit;

namespace ViSurf.Core.Tests.Samples;

public class QuickstartTests
{
    private const string Exact = """[{"bbox_2d": [0, 0, 10, 10], "point_2d": [5, 5]}]""";
    private const string Half = """[{"bbox_2d": [0, 0, 10, 5], "point_2d": [5, 2]}]""";
    private static readonly GroundingTarget There = new([new GroundedObject(new Box(0, 0, 10, 10), new PixelPoint(5, 5))]);
    private static readonly GroundingTarget Absent = new([]);

    [Fact]
    public void Scores_are_shares_of_the_rows_they_speak_of()
    {   // Present: one exact box with a thought, one box of half the area without. Absent: one empty list, one box. Words: one of two.
        var score = HeldOutScore.Of(
        [
            Answer(There, $"<think>x</think><answer>{Exact}</answer>"),
            Answer(There, $"<answer>{Half}</answer>"),
            Answer(Absent, "<think>x</think><answer>[]</answer>"),
            Answer(Absent, $"<answer>{Exact}</answer>"),
            Answer(new TextTarget("red"), "<think>x</think><answer>red</answer>"),
            Answer(new TextTarget("red"), "<answer>blue</answer>"),
        ]);
        score.Should().Be(new HeldOutScore(GIoU: (1 + 0.5) / 2, NAcc: 0.5, BoxAccuracy: 0.5, ExactAnswers: 0.5, Thinking: 0.5));
    }

    [Fact]
    public void A_share_that_no_row_speaks_of_is_not_a_number()
        => HeldOutScore.Of([Answer(There, $"<answer>{Exact}</answer>")]).NAcc.Should().BeNull();

    [Theory]
    [InlineData("no tags")]
    [InlineData("<answer>[{]</answer>")]
    [InlineData("</answer><answer>")]
    public void An_answer_that_cannot_be_read_is_neither_a_box_nor_an_empty_list(string text)
        => Prediction.Of(Answer(Absent, text)).Boxes.Should().BeNull();

    [Fact]
    public void A_row_is_drawn_with_its_true_and_its_predicted_boxes()
    {
        var drawn = Prediction.Of(Answer(There, $"<answer>{Half}</answer>"));
        drawn.Boxes.Should().Equal(new Box(0, 0, 10, 5));
        drawn.Truth.Should().Equal(new Box(0, 0, 10, 10));
        Prediction.Of(Answer(new TextTarget("red"), "<answer>red</answer>")).Truth.Should().BeNull("it is answered in words");
    }

    private static EvaluatedExample Answer(Target truth, string text)
        => new(VisionExample.Ask("row", "?", truth), [new Completion([1], text, FinishReason.Stop, CompletionSource.Policy)]);
}
