using System.Buffers.Binary;
using System.Globalization;
using AngleSharp.Dom;
using FluentAssertions;
using SkiaSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Reporting;
using ViSurf.Core.Reporting.Gallery;
using ViSurf.Core.Rewards;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;
using static ViSurf.Core.Tests.Reporting.SampleRun;

namespace ViSurf.Core.Tests.Reporting.Gallery;

/// <summary>What is shown of a group.</summary>
public sealed class GroupCardTests
{
    [Fact]
    public void Label_and_answers_are_drawn_in_the_coordinates_of_the_picture()
    {
        var page = ParsedReport.Of(report => report.Add(Step(0, Example(), Exact, Shifted, "no answer")));
        var scene = page.Html.QuerySelector("svg.scene")!;
        scene.GetAttribute("viewBox").Should().Be("0 0 120 80");
        Boxes(scene, ".truth").Should().Equal((10, 20, 40, 40));
        Boxes(scene, ".n0").Should().Equal((10, 20, 40, 40));
        Boxes(scene, ".n1").Should().Equal((30, 20, 40, 40));
        scene.QuerySelectorAll(".n1 path.ink").Select(p => p.GetAttribute("d")).Should().Equal("M50 40h0");
        scene.QuerySelectorAll(".n2").Should().BeEmpty();
        // In the small pictures each answer stands alone with the label, over the same picture, which is in the file once.
        var id = scene.QuerySelector("image")!.Id;
        page.Html.QuerySelectorAll("svg.small use").Select(u => u.GetAttribute("href")).Should().HaveCount(4).And.OnlyContain(href => href == "#" + id);
        page.Text.Split("data:image/").Should().HaveCount(2);
        page.Texts(".answer .who").ElementAt(2).Should().Contain("no answer that can be read");
    }

    [Fact]
    public void A_frame_of_its_own_is_kept_apart_from_the_pictures_size()
        => ParsedReport.Of(report => report.Add(Step(0, Example(), Exact)), new HtmlReportOptions { Frame = (width, height) => (2 * width, 2 * height) })
            .Html.QuerySelector("svg.scene")!.GetAttribute("viewBox").Should().Be("0 0 240 160");

    [Fact]
    public void An_example_that_knows_its_frame_is_drawn_in_it()
        => ParsedReport.Of(report => report.Add(Step(0, Example() with { LabelFrame = new FrameSize(1000, 1000) }, Exact)))
            .Html.QuerySelector("svg.scene")!.GetAttribute("viewBox").Should().Be("0 0 1000 1000");

    [Fact]
    public void Numbers_are_those_of_the_step_and_show_what_control_changed()
    {   // 1 + 2 + 3 + 1 = 7 for the exact answer with thoughts; the label 0 + 2 + 3 + 1 = 6 is smoothed to the rollouts' mean.
        var step = Step(0, Example(), Exact, Exact, "nothing");
        var rows = ParsedReport.Of(report => report.Add(step)).Html.QuerySelectorAll(".scores tbody tr").Select(tr => tr.Children.Select(c => c.TextContent).ToArray()).ToArray();
        var (advantages, totals) = (step.Groups[0].Advantages, step.Groups[0].Controlled.Totals);
        rows.Select(r => r[0]).Should().Equal("1", "2", "3", "label");
        rows.Select(r => r[1]).Should().Equal(advantages.Select(a => (a > 0 ? "+" : a < 0 ? "−" : "") + Math.Abs(a).ToString("0.00", CultureInfo.InvariantCulture)));
        rows[0][3].Should().Be("7.00");
        rows[3][3].Should().Be($"6.00 → {totals[3].ToString("0.00", CultureInfo.InvariantCulture)}");
        totals[3].Should().BeApproximately((7 + 7 + totals[2]) / 3, 1e-12);
    }

    [Fact]
    public void The_story_of_the_label_is_told()
    {
        Story(Step(0, Example(), Exact, "nothing")).Should().Be("Smoothed away: the best rollout has 7, the label 6. Its total became 4, the rollouts' mean, and it neither gains nor loses.", "(7 + 1) / 2 = 4");
        Story(Step(0, Example(), "nothing", "nothing")).Should().StartWith("In use: its 6 is above the best rollout's 1, so it is learnt with advantage +1.15", "6, 1, 1: (6 − 8/3) / √(25/3) = 1.1547");
        Story(Step(0, VisionExample.Ask("a", "?", null), "x", "y")).Should().Be("There is no label in this group.");
        var step = Step(0, Example(), Exact, "nothing").Groups[0];
        Story(step with { Controlled = new ScoredGroup(step.Controlled.Group with { Completions = [] }, []), Advantages = [] }).Should().Be("The group was left out: nothing was learnt from it.");
        Story(step with { Controlled = Step(0, Example("earlier"), Exact).Groups[0].Controlled }).Should().Be("In its place an earlier group was learnt from, that of example 'earlier'.");
    }

    [Fact]
    public void A_label_that_thinks_gets_nothing_for_it()
    {
        var suite = new RewardSuite(new ThinkingFormatReward());
        var scored = suite.Score(new RolloutGroup(Example(), [Completion.OfText("x"), Completion.OfText(Exact, CompletionSource.Demonstration)]));
        Story(Step(0, scored)).Should().StartWith("The label gets nothing for thinking_format. Smoothed away");
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void A_large_picture_is_made_smaller_and_keeps_its_shape(SKEncodedImageFormat format)
    {
        var small = Thumbnail.Of(ImageSource.FromBytes(Picture(900, 600, format), "p"), 300);
        (small.Width, small.Height).Should().Be((900, 600), "coordinates are those of the original");
        using var decoded = SKBitmap.Decode(Convert.FromBase64String(small.DataUri!.Split(',')[1]));
        (decoded.Width, decoded.Height).Should().Be((300, 200));
        // Red grows to the right and green downwards: around column 100 of 300 and row 150 of 200 they are 85 and 191.
        var around = Enumerable.Range(0, 400).Select(i => decoded.GetPixel(90 + i % 20, 140 + i / 20)).ToArray();
        around.Average(pixel => pixel.Red).Should().BeApproximately(85, 5);
        around.Average(pixel => pixel.Green).Should().BeApproximately(191, 5);
    }

    [Fact]
    public void A_small_picture_keeps_its_pixels()
    {
        using var before = SKBitmap.Decode(Picture(40, 30));
        using var after = SKBitmap.Decode(Convert.FromBase64String(Thumbnail.Of(ImageSource.FromBytes(Picture(40, 30), "p"), 448).DataUri!.Split(',')[1]));
        after.Pixels.Should().Equal(before.Pixels);
    }

    [Fact]
    public void A_picture_that_cannot_be_shown_is_a_sentence()
    {
        var picture = Picture(30, 30);
        Thumbnail.Of(ImageSource.FromFile("/nowhere/x.png"), 100).Trouble.Should().Contain("/nowhere/x.png");
        Thumbnail.Of(ImageSource.FromBytes("text"u8.ToArray(), "odd"), 100).Trouble.Should()
            .Contain("first bytes are those of no picture: 'odd'");
        // Width and height of a PNG are at bytes 16 to 23, and a checksum of bytes 12 to 28 follows: 65,566² pixels are 17 GB that nobody should allocate.
        (picture[17], picture[21]) = (1, 1);
        BinaryPrimitives.WriteUInt32BigEndian(picture.AsSpan(29), Pictures.Crc(picture.AsSpan(12, 17)));
        Thumbnail.Of(ImageSource.FromBytes(picture, "bomb"), 100).Trouble.Should().Contain("65566 × 65566 pixels, more than");
    }

    [Fact]
    public void Answers_are_read_as_their_rewards_read_them()
    {
        var detection = new DetectionTarget([new LabelledBox(new Box(1, 2, 3, 4), "cat")]);
        Shapes.Of("""[{"bbox_2d": [1, 2, 3, 4], "label": "cat"}]""", detection)!.Boxes.Should().Equal(new Box(1, 2, 3, 4));
        Shapes.Of("""[{"action": "click", "point": [5, 6], "input_text": "no input text"}]""", new GuiActionTarget("click"))!.Points.Should().Equal(new PixelPoint(5, 6));
        var seg = new SegZeroTarget(new Box(1, 2, 3, 4), new PixelPoint(1, 2), new PixelPoint(3, 4));
        Shapes.Of(seg.Serialize(new LabelFormat()), seg).Should().BeEquivalentTo(Shapes.Of(seg));
        Shapes.Of("anything", new TextTarget("x"))!.IsEmpty.Should().BeTrue();
        Shapes.Of("<answer>broken</answer>", Circle).Should().BeNull();
        Shapes.Of("""<answer>[{"bbox_2d": [1e8, 0, 1, 1], "point_2d": [1, 1]}]</answer>""", Circle)!.Boxes.Should().BeEmpty("nobody can see it");
    }

    [Fact]
    public void The_gallery_prefers_groups_that_differ_and_spreads_them_over_the_run()
    {
        var page = ParsedReport.Of(report =>
        {   // Every third step has a group worth a look.
            for (var step = 0; step < 90; step++)
                report.Add(step % 3 == 1 ? Step(step, Example($"row {step}"), Exact, Shifted, "nothing") : Step(step, Example($"row {step}"), "nothing", "nothing"));
        }, new HtmlReportOptions { Groups = 6, Every = 1000 });
        var steps = page.Texts(".group .step").Select(text => int.Parse(text.Split(' ')[1], CultureInfo.InvariantCulture)).ToArray();
        steps.Should().HaveCount(6).And.BeInDescendingOrder();
        steps[0].Should().Be(89);
        steps[1..].Should().OnlyContain(step => step % 3 == 1);
        steps[^1].Should().BeLessThan(20);
    }

    private static string Story(StepReport report) => Story(report.Groups[0]);

    private static string Story(TrainedGroup group) => LabelStory.Of(group, Judged.Of(group));

    private static (double X, double Y, double Width, double Height)[] Boxes(IElement scene, string selector)
        => [.. scene.QuerySelectorAll(selector + " rect.ink").Select(r => (N(r, "x"), N(r, "y"), N(r, "width"), N(r, "height")))];

    private static double N(IElement element, string name) => double.Parse(element.GetAttribute(name)!, CultureInfo.InvariantCulture);
}
