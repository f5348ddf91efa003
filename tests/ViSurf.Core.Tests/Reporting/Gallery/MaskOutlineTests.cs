using System.Globalization;
using System.Text.RegularExpressions;
using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Reporting.Gallery;
using ViSurf.Core.Rewards;
using Xunit;
using static ViSurf.Core.Tests.Reporting.SampleRun;

namespace ViSurf.Core.Tests.Reporting.Gallery;

public sealed class MaskOutlineTests
{
    [Fact]
    public void A_rectangle_has_four_corners_and_a_ring_a_hole()
    {
        MaskOutline.Of(Mask(5, 4, (x, y) => x is >= 1 and < 4 && y is >= 1 and < 3)).Should().Be("M1 1H4V3H1Z");
        MaskOutline.Of(Mask(3, 3, (x, y) => (x, y) != (1, 1))).Should().Be("M0 0H3V3H0ZM1 1V2H2V1Z", "around the hole the other way");
        MaskOutline.Of(Mask(3, 3, (_, _) => false)).Should().BeEmpty();
    }

    [Fact]
    public void What_the_path_encloses_is_the_mask()
        => Gen.Select(Gen.Int[1, 12], Gen.Int[1, 12], Gen.Bool.Array[144]).Sample((width, height, bits) =>
        {
            var mask = Mask(width, height, (x, y) => bits[12 * y + x]);
            var vertical = Strokes(MaskOutline.Of(mask)).Where(s => s.X1 == s.X2).ToArray();
            var pixels = mask.Pixels();
            for (var y = 0; y < height; y++)
                for (var x = 0; x < width; x++)
                {   // From the left the middle of a pixel inside lies beyond an odd number of borders.
                    var crossed = vertical.Count(s => s.X1 <= x && Math.Min(s.Y1, s.Y2) <= y && Math.Max(s.Y1, s.Y2) > y);
                    (crossed % 2 == 1).Should().Be(pixels[y, x], "({0}, {1}) of {2} × {3}", x, y, width, height);
                }
        });

    [Fact]
    public void A_large_mask_is_drawn_coarsely_in_its_own_pixels_and_speckles_do_not_fill_the_page()
    {
        var disc = MaskOutline.Of(Mask(1000, 700, (x, y) => (x - 500) * (x - 500) + (y - 350) * (y - 350) < 300 * 300));
        var strokes = Strokes(disc).ToArray();
        (strokes.Min(s => s.X1), strokes.Max(s => s.X1)).Should().Be((200, 800), "cells of 8 pixels: 1000 / 128 rounded up");
        disc.Length.Should().BeLessThan(2000);
        MaskOutline.Of(Mask(512, 512, (x, y) => (x / 4 + y / 4) % 2 == 0)).Length.Should().BeLessThanOrEqualTo(4000);
        MaskOutline.Of(Mask(1000, 1000, (x, _) => x == 500)).Should().Be("M496 0H504V1000H496Z", "a line too thin for any cell");
        MaskOutline.Of(new RunLengthMask(int.MaxValue, 1000, [0, int.MaxValue * 1000L])).Should().BeEmpty("no picture is so large");
    }

    [Fact]
    public void Masks_of_label_and_answers_are_drawn_over_the_picture()
    {
        var label = new MaskTarget(Mask(120, 80, (x, y) => x is >= 10 and < 50 && y is >= 20 and < 60));
        var other = new MaskTarget(Mask(120, 80, (x, y) => x is >= 30 and < 70 && y is >= 20 and < 60));
        var example = VisionExample.Ask("m", "Segment it.", label, ImageSource.FromBytes(Picture(120, 80), "m.png"));
        var page = ParsedReport.Of(report => report.Add(Step(0, new RewardSuite(MaskRewards.Iou()), example, label.Serialize(new LabelFormat()), other.Serialize(new LabelFormat()), Shifted, "no mask")));
        string[] Paths(string of) => [.. page.Html.QuerySelectorAll($"svg.scene {of} path.mask.ink").Select(p => p.GetAttribute("d")!)];
        Paths(".truth").Should().Equal("M10 20H50V60H10Z");
        Paths(".n0").Should().Equal("M10 20H50V60H10Z");
        Paths(".n1").Should().Equal("M30 20H70V60H30Z");
        page.Html.QuerySelectorAll("svg.scene .n2 rect.ink").Should().ContainSingle("boxes for a segmentation model are drawn as boxes");
        Paths(".n3").Should().BeEmpty();
        page.Texts(".answer .who").Select(text => text.Contains("no answer that can be read")).Should().Equal(false, false, false, true, false);
    }

    private static RunLengthMask Mask(int width, int height, Func<int, int, bool> inside)
    {
        var pixels = new bool[height, width];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++) pixels[y, x] = inside(x, y);
        return RunLengthMask.FromPixels(pixels);
    }

    /// <summary>The strokes of a path of M, H, V and Z, read independently of how it was made.</summary>
    private static IEnumerable<(int X1, int Y1, int X2, int Y2)> Strokes(string path)
    {
        var (at, start) = ((X: 0, Y: 0), (X: 0, Y: 0));
        foreach (Match m in Regex.Matches(path, @"([MHVZ])(\d+)?(?: (\d+))?"))
        {
            int N(int group) => int.Parse(m.Groups[group].Value, CultureInfo.InvariantCulture);
            var to = m.Groups[1].Value switch { "M" => (N(2), N(3)), "H" => (N(2), at.Y), "V" => (at.X, N(2)), _ => start };
            if (m.Groups[1].Value == "M") start = to;
            else yield return (at.X, at.Y, to.Item1, to.Item2);
            at = to;
        }
    }
}
