using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Rewards;
using Xunit;

namespace ViSurf.Core.Tests.Rewards;

/// <summary>
/// Ten million characters that would keep a backtracking pattern, a recursive reader or a scan that starts over busy for hours
/// (10¹⁴ steps) or end the process. Nothing is timed: that these tests come to an end is the test.
/// </summary>
public sealed class LongCompletionTests
{
    private const int Length = 10_000_000;

    private static readonly GroundingTarget Label = new([new GroundedObject(new Box(1, 1, 9, 9), new PixelPoint(5, 5))]);

    /// <summary>Text, then thinking format, answer format, accuracy and non-repeat by the rules of the reference.</summary>
    private static readonly Dictionary<string, (Func<string> Text, double[] Expected)> Cases = new()
    {
        ["answers opened"] = (() => Many("<answer>"), [0, 0, 0, 1]),
        ["answers closed"] = (() => Many("</answer>"), [0, 0, 0, 1]),
        ["answers opened and one closed"] = (() => Many("<answer>") + "</answer>", [0, 0, 0, 1]),
        ["thoughts closed, never followed by an answer"] = (() => "<think>" + Many("</think> ") + "</answer>", [0, 0, 0, 1]),
        ["thoughts closed before half an answer tag"] = (() => "<think>" + Many("</think>  <answer ") + "</answer>", [0, 0, 0, 1]),
        ["thoughts full of answers"] = (() => "<think>" + Many("<answer></answer>") + "</think><answer>[</answer>", [1, 0, 0, 1]),
        ["blanks between the blocks"] = (() => "<think></think>" + Many(" ") + "<answer>1</answer>", [1, 0, 0, 1]),
        ["blanks before a closing tag that never comes"] = (() => "<think></think><answer>" + Many(" ") + "x", [0, 0, 0, 1]),
        ["dots"] = (() => Many("."), [0, 0, 0, 1]),
        ["one sentence again and again"] = (() => Many("a."), [0, 0, 0, 0]),
        ["sentences that all differ"] = (() => Answer(string.Join('.', Enumerable.Range(0, Length / 7))), [0, 0, 0, 1]),
        ["lists in lists"] = (() => Answer(Many("[")), [0, 0, 0, 1]),
        ["lists in lists in a list of objects"] = (() => Answer("[{\"a\": " + Many("[") + "}]"), [0, 0, 0, 1]),
        ["objects in objects"] = (() => Answer("[" + Many("{\"a\":")), [0, 0, 0, 1]),
        ["empty lists"] = (() => Answer("[[]" + Many(", []") + "]"), [0, 0, 0, 1]),
        ["a text that never ends"] = (() => Answer("[\"" + Many("\\\\")), [0, 0, 0, 1]),
        ["a key of escapes"] = (() => Answer("[{\"" + Many("\\u0061") + "\": 1}]"), [0, 0, 0, 1]),
        ["digits"] = (() => Answer("[" + Many("9") + "]"), [0, 0, 0, 1]),
        ["digits after a point"] = (() => Answer("[0." + Many("9") + "]"), [0, 0, 0, 1]),
        ["signs"] = (() => Answer("[" + Many("-") + "]"), [0, 0, 0, 1]),
        ["the same keys again"] = (() => Answer("[{\"bbox_2d\": [1, 1, 9, 9]" + Many(", \"point_2d\": [5, 5]") + "}]"), [0, 2, 3, 1]),
        // Equal objects: one is matched with three marks, and 120 of them are looked at.
        ["the label again and again"] = (() => Answer("[" + Object + Many(", " + Object) + "]"), [0, 2, 3.0 / 120, 1]),
        ["a list of numbers where four belong"] = (() => Answer("[{\"bbox_2d\": [1" + Many(",1") + "], \"point_2d\": [5, 5]}]"), [0, 1, 0, 1]),
    };

    private const string Object = """{"bbox_2d": [1, 1, 9, 9], "point_2d": [5, 5]}""";

    public static TheoryData<string> Names() => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Ten_million_characters_are_scored(string name)
    {
        var (text, expected) = Cases[name];
        var completion = Completion.OfText(text());
        completion.Text.Length.Should().BeGreaterThanOrEqualTo(Length);

        var grounding = VisionReasonerRewards.Suite().Score(new RolloutGroup(VisionExample.Ask("a", "?", Label), [completion])).Scores[0];
        var words = new ExactAnswerReward().Score(VisionExample.Ask("a", "?", new TextTarget("seven")), completion);

        grounding.Components.Select(c => c.Value!.Value).Should().Equal(expected);
        words.Should().Be(0);
    }

    [Fact]
    public void Two_hundred_thousand_predicted_boxes_are_measured()
    {   // All of them the label's box: the areas covered are equal.
        GroundingRow.Of(VisionExample.Ask("a", "?", Label), Completion.OfText(Cases["the label again and again"].Text()))!.IoU.Should().Be(1);
    }

    private static string Answer(string json) => $"<answer>{json}</answer>";

    private static string Many(string part) => new System.Text.StringBuilder().Insert(0, part, (Length / part.Length) + 1).ToString();
}
