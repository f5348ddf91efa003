using CsCheck;
using FluentAssertions;
using ViSurf.Core.Data;
using Xunit;

namespace ViSurf.Core.Tests.Data;

public sealed class FrameScaleTests
{
    [Fact]
    public void Each_axis_has_its_own_factor_and_labels_become_whole_numbers()
    {   // 100 × 50 → 840 × 840: x · 8.4, y · 16.8; 3 · 8.4 = 25.2 → 25, 7 · 16.8 = 117.6 → 118
        var scale = FrameScale.Between(new(100, 50), new(840, 840), wholePixels: true);
        scale.Apply(new Box(3, 7, 100, 50)).Should().Be(new Box(25, 118, 840, 840));
        FrameScale.Between(new(100, 50), new(840, 840)).Apply(new PixelPoint(3, 7)).X.Should().BeApproximately(25.2, 1e-12);
    }

    [Fact]
    public void A_label_comes_back_to_within_half_a_pixel_of_the_coarser_frame()
        => Gen.Select(Gen.Int[1, 5000], Gen.Int[1, 5000], Gen.Int[1, 100], Gen.Int[1, 100], Gen.Double[0, 1], Gen.Double[0, 1]).Sample((w, h, a, b, u, v) =>
        {
            var (picture, policy) = (new FrameSize(w, h), new FrameSize(28 * a, 28 * b));
            var point = new PixelPoint(u * w, v * h);
            var target = new GroundingTarget([new GroundedObject(new Box(0, 0, w, h), point)]);
            var example = VisionExample.Ask("a", "?", target).InFrame(picture, policy);
            var there = ((GroundingTarget)example.Target!).Objects[0];
            there.Box.Should().Be(new Box(0, 0, 28 * a, 28 * b));
            var back = example.ToPicture().Apply(there.Point);
            Math.Abs(back.X - point.X).Should().BeLessThanOrEqualTo(0.5 * w / (28 * a) + 1e-6);
            Math.Abs(back.Y - point.Y).Should().BeLessThanOrEqualTo(0.5 * h / (28 * b) + 1e-6);
        });

    [Fact]
    public void Every_kind_with_coordinates_is_rescaled_and_the_others_stay()
    {
        var half = new FrameScale(0.5, 0.25, true);
        new DetectionTarget([new LabelledBox(new Box(2, 4, 6, 8), "a")]) { Form = DetectionForm.VisualRft }.Rescale(half)
            .Should().BeEquivalentTo(new DetectionTarget([new LabelledBox(new Box(1, 1, 3, 2), "a")]) { Form = DetectionForm.VisualRft });
        new SegZeroTarget(new Box(2, 4, 6, 8), new(2, 4), new(6, 8)).Rescale(half).Should().Be(new SegZeroTarget(new Box(1, 1, 3, 2), new(1, 1), new(3, 2)));
        new GuiActionTarget("click", new PixelPoint(2, 4)).Rescale(half).Should().Be(new GuiActionTarget("click", new PixelPoint(1, 1)));
        new GuiActionTarget("click", Area: new Box(2, 4, 6, 8)).Rescale(half).Should().Be(new GuiActionTarget("click", Area: new Box(1, 1, 3, 2)));
        new GuiActionTarget("press_back").Rescale(half).Should().Be(new GuiActionTarget("press_back"));
        var text = new TextTarget("no place");
        text.Rescale(half).Should().BeSameAs(text);
    }

    [Fact]
    public void A_mask_is_resized_to_the_nearest_pixel()
    {
        var mask = new bool[2, 3];
        mask[0, 1] = mask[1, 2] = true;
        var twice = ((MaskTarget)new MaskTarget(RunLengthMask.FromPixels(mask)).Rescale(new FrameScale(2, 3, true))).Mask;
        (twice.Height, twice.Width).Should().Be((6, 6));
        var pixels = twice.Pixels();
        for (var y = 0; y < 6; y++)
            for (var x = 0; x < 6; x++) pixels[y, x].Should().Be(mask[y / 3, x / 2]);
        twice.Resize(2, 3).Counts.Should().Equal(RunLengthMask.FromPixels(mask).Counts);
    }

    [Fact]
    public void A_mask_resized_by_runs_is_the_mask_resized_by_pixels()
        => Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9]).SelectMany((h, w) => Gen.Select(Gen.Bool.Array2D[h, w], Gen.Int[1, 23], Gen.Int[1, 23]))
            .Sample((pixels, height, width) =>
        {
            var (rows, columns) = (pixels.GetLength(0), pixels.GetLength(1));
            var expected = new bool[height, width];
            for (var y = 0; y < height; y++)
                for (var x = 0; x < width; x++)
                    expected[y, x] = pixels[(int)((y + 0.5) * rows / height), (int)((x + 0.5) * columns / width)];
            RunLengthMask.FromPixels(pixels).Resize(height, width).Counts.Should().Equal(RunLengthMask.FromPixels(expected).Counts);
        });

    [Fact]
    public void A_mask_of_a_size_that_no_picture_has_is_refused_by_arithmetic()
    {   // 100000² = 10^10 pixels: runs hold it, pixels would take 10 GB
        var large = new RunLengthMask(100_000, 100_000, [10_000_000_000]);
        large.Invoking(m => m.Pixels()).Should().Throw<InvalidDataException>().WithMessage("Expected a mask of at most 178956970 pixels, "
            + "as many as a picture may have, got 100000 × 100000.");
        large.Resize(10, 20).Counts.Should().Equal(200);
        var ordinary = new MaskTarget(new RunLengthMask(84, 112, [9408]));
        ordinary.Invoking(m => m.Rescale(new FrameScale(1000, 1000, true))).Should().Throw<InvalidDataException>()
            .WithMessage("*at most 178956970 pixels*got 84000 × 112000.");
        ordinary.Invoking(m => m.Rescale(new FrameScale(1e9, 1e9, true))).Should().Throw<InvalidDataException>();
        ordinary.Mask.Invoking(m => m.Resize(int.MaxValue, int.MaxValue)).Should().Throw<InvalidDataException>();

        // Ordinary work on an ordinary mask.
        new RunLengthMask(2, 2, [1, 2, 1]).Resize(2_000, 80_000).Area.Should().Be(80_000_000);
    }

    [Fact]
    public void A_label_in_a_frame_that_its_columns_name_is_taken_from_there()
    {   // ViSurf's label is in 840 × 840 whatever the picture; the policy sees 420 × 840
        var example = VisionExample.Ask("a", "?", new GroundingTarget([new(new Box(100, 100, 200, 200), new PixelPoint(150, 150))])) with { LabelFrame = new FrameSize(840, 840) };
        var there = example.InFrame(new FrameSize(1000, 500), new FrameSize(420, 840));
        ((GroundingTarget)there.Target!).Objects[0].Box.Should().Be(new Box(50, 100, 100, 200));
        there.ToPicture().Apply(new Box(0, 0, 420, 840)).Should().Be(new Box(0, 0, 1000, 500));
        there.InFrame(new FrameSize(1000, 500), new FrameSize(420, 840)).Target.Should().BeSameAs(there.Target);
    }

    [Fact]
    public void An_object_that_becomes_as_small_as_a_pixel_is_not_taken_for_shares_afterwards()
    {   // 3 of 4000 pixels are 0.75 of 1000, so 1
        var small = VisionExample.Ask("a", "?", new GroundingTarget([new(new Box(0, 0, 3, 3), new PixelPoint(1, 1))]))
            .InFrame(new FrameSize(4000, 4000), FrameSize.Thousandths);
        ((GroundingTarget)small.Target!).Objects[0].Box.Should().Be(new Box(0, 0, 1, 1));
        small.InFrame(new FrameSize(4000, 4000), FrameSize.Thousandths).Should().BeSameAs(small);
    }

    [Fact]
    public void Without_a_frame_there_is_no_way_back()
        => FluentActions.Invoking(() => VisionExample.Ask("a", "?", null).ToPicture()).Should().Throw<InvalidOperationException>().WithMessage("*'a'*Call InFrame*");
}
