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
    public void A_label_in_a_frame_that_its_columns_name_is_taken_from_there()
    {   // ViSurf's label is in 840 × 840 whatever the picture; the policy sees 420 × 840
        var example = VisionExample.Ask("a", "?", new GroundingTarget([new(new Box(100, 100, 200, 200), new PixelPoint(150, 150))])) with { LabelFrame = new FrameSize(840, 840) };
        var there = example.InFrame(new FrameSize(1000, 500), new FrameSize(420, 840));
        ((GroundingTarget)there.Target!).Objects[0].Box.Should().Be(new Box(50, 100, 100, 200));
        there.ToPicture().Apply(new Box(0, 0, 420, 840)).Should().Be(new Box(0, 0, 1000, 500));
        there.InFrame(new FrameSize(1000, 500), new FrameSize(420, 840)).Target.Should().BeSameAs(there.Target);
    }

    [Fact]
    public void Without_a_frame_there_is_no_way_back()
        => FluentActions.Invoking(() => VisionExample.Ask("a", "?", null).ToPicture()).Should().Throw<InvalidOperationException>().WithMessage("*'a'*Call InFrame*");
}
