using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Data.Sources;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Tests.Training;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Data;

/// <summary>
/// Coordinates as shares of the picture, which public sets often have: refused as pixels, right where they are said to be shares.
/// </summary>
public sealed class NormalisedBoxesTests : IDisposable
{
    private const string Refused = "*lie within one pixel*look like shares of the picture*multiply them by its width and "
        + "height*RowOptions.LabelFrame = FrameSize.Shares*";
    private readonly TemporaryDirectory _folder = new();

    [Fact]
    public void Each_row_of_the_case_is_refused_where_it_is_read_and_listed_by_the_report()
    {
        var path = Cases.PathOf("22-normalised-boxes", "rows.jsonl");
        using var source = JsonLinesSource.Open(path);
        var report = new DatasetCheck(new DemonstrationInjector(TinyText.Encoder), Toy.Suite("any", (_, _) => 1),
            _ => new FrameSize(100, 100)).Report(source);
        report.BadRows.Should().HaveCount((int)report.Rows).And.NotBeEmpty();
        report.Problems.Should().AllSatisfy(problem => problem.ToString().Should().Match($"{path}:*{Refused}"));
        FluentActions.Invoking(() => JsonLinesDataset.Load(path)).Should().Throw<InvalidDataException>().WithMessage($"{path}:1*{Refused}");

        // Said to be shares they are right: [0.1, 0.2, 0.9, 0.95] of anything.
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen3_vl"));
        var first = encoder.InModelFrame(JsonLinesDataset.Load(path, new RowOptions { LabelFrame = FrameSize.Shares })[0]);
        var shares = ((GroundingTarget)JsonLinesDataset.Load(path,
            new RowOptions { LabelFrame = FrameSize.Shares })[0].Target!).Objects[0].Box;
        ((GroundingTarget)first.Target!).Objects[0].Box.Should().Be(
            new Box(Math.Round(1000 * shares.X1), Math.Round(1000 * shares.Y1), Math.Round(1000 * shares.X2),
                Math.Round(1000 * shares.Y2)));
    }

    [Theory]
    [InlineData(""" "solution": "[{\"bbox_2d\": [0.1, 0.2, 0.9, 0.95], \"point_2d\": [0.5, 0.6]}, {\"bbox_2d\": [0, 0, 1, 1], \"point_2d\": [1, 1]}]" """)]
    [InlineData(""" "objects": [{"bbox_2d": [0, 0, 1, 0.5], "label": "cat"}] """)]
    [InlineData(""" "objects": [{"bbox_2d": [0.02, 0.1, 1.01, 1.0], "label": "padded"}] """)]
    [InlineData(""" "seg_zero": {"bbox": [0.1, 0.1, 0.5, 0.5], "points_1": [0.2, 0.2], "points_2": [0.3, 0.3]} """)]
    [InlineData(""" "action": {"action": "click", "point": [0.25, 0.5]} """)]
    [InlineData(""" "action": {"action": "click", "bbox": [0.1, 0.1, 0.5, 0.5]} """)]
    public void Every_kind_with_coordinates_is_refused(string label)
        => FluentActions.Invoking(() => Load(label)).Should().Throw<InvalidDataException>()
            .WithMessage($"*rows.jsonl:1 (id '1'): {Refused}");

    [Theory]
    [InlineData(""" "solution": [] """)]
    [InlineData(""" "solution": [{"bbox_2d": [0, 0, 1, 1], "point_2d": [0, 0]}, {"bbox_2d": [10, 20, 30, 40], "point_2d": [15, 25]}] """)]   // one speck among others
    [InlineData(""" "action": {"action": "click", "point": [0, 1]} """)]                                                                  // a corner, in pixels
    [InlineData(""" "img_width": 1, "img_height": 1, "objects": [{"bbox_2d": [0.1, 0.2, 0.3, 0.4], "label": "cat"}] """)]                 // shares, said by the row
    public void What_may_be_right_is_read(string label) => Load(label).Target.Should().NotBeNull();

    [Fact]
    public void A_program_with_settings_names_its_own_key()
        => FluentActions.Invoking(() => Load(""" "objects": [{"bbox_2d": [0, 0, 0.5, 0.5], "label": "cat"}] """,
            new RowOptions { Advice = new RowAdvice("x", "y") { Shares = "frame: shares" } }))
            .Should().Throw<InvalidDataException>().WithMessage("*(frame: shares).");

    [Fact]
    public void A_source_says_the_frame_of_all_its_rows_and_then_columns_do_not()
        => Load(""" "img_width": 840, "img_height": 840, "objects": [{"bbox_2d": [0, 0, 5, 5], "label": "cat"}] """,
            new RowOptions { LabelFrame = FrameSize.Thousandths })
            .LabelFrame.Should().Be(new FrameSize(1000, 1000));

    public void Dispose() => _folder.Dispose();

    private VisionExample Load(string members, RowOptions? options = null)
    {
        File.WriteAllText(_folder.File("rows.jsonl"), $$"""{"id": 1, "images": [], "problem": "?", {{members}}}""");
        return JsonLinesDataset.Load(_folder.File("rows.jsonl"), options).Single();
    }
}
