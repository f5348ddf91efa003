using System.Text.Json;
using System.Text.Json.Nodes;
using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>Coordinates in the frame of the model: against the reference's sizes, and against the pixels that the model gets.</summary>
public sealed class QwenFramesTests
{
    private static readonly JsonDocument Golden = Fixtures.Json("image_processor", "golden.json");

    public static TheoryData<int> GoldenCases() => [.. Enumerable.Range(0, Golden.RootElement.GetArrayLength())
        .Where(i => Golden.RootElement[i].GetProperty("patch_size").GetInt32() == 14 && !Golden.RootElement[i].TryGetProperty("error", out _))];

    [Theory, MemberData(nameof(GoldenCases))]
    public void The_frame_of_Qwen25VL_is_the_size_that_the_reference_resizes_to(int index)
    {
        var golden = Golden.RootElement[index];
        using var folder = Limited("qwen2_5_vl", golden.GetProperty("min_pixels").GetInt64(), golden.GetProperty("max_pixels").GetInt64());
        var image = ImageSource.FromFile(Fixtures.PathOf("image_processor", golden.GetProperty("image").GetString()!));
        var picture = PictureSize.Of(image);
        picture.Should().Be(new FrameSize(golden.GetProperty("width").GetInt32(), golden.GetProperty("height").GetInt32()));
        var grid = golden.GetProperty("grid_thw");
        QwenPromptEncoder.Load(folder.Path).Frame(picture).Should().Be(new FrameSize(14 * grid[2].GetInt32(), 14 * grid[1].GetInt32()));
    }

    [Theory]
    [InlineData(70, 98, 20, 30, 60, 80, 3136, 12845056)]      // 56 × 112: neither side is a multiple of 28
    [InlineData(101, 75, 0, 0, 40, 75, 3136, 12845056)]       // 112 × 84
    [InlineData(500, 310, 111, 90, 390, 222, 3136, 50176)]    // too large: 280 × 168
    [InlineData(37, 23, 5, 7, 30, 20, 40000, 12845056)]       // too small: grows
    public void A_box_in_the_models_frame_encloses_the_object_in_the_pixels_that_the_model_gets(
        int width, int height, int x1, int y1, int x2, int y2, long minPixels, long maxPixels)
    {
        using var folder = Limited("qwen2_5_vl", minPixels, maxPixels);
        var encoder = QwenPromptEncoder.Load(folder.Path);
        var image = ImageSource.FromBytes(Pictures.WithRectangle(width, height, x1, y1, x2, y2), "drawn");
        var box = new Box(x1, y1, x2, y2);
        var center = new PixelPoint((x1 + x2) / 2.0, (y1 + y2) / 2.0);
        var example = encoder.InModelFrame(VisionExample.Ask("a", "where?", new GroundingTarget([new GroundedObject(box, center)]), image));

        using var prompt = encoder.Encode(example);
        var red = RedBox(prompt.Pixels!.data<float>().ToArray(), prompt.Grids[0].Height, prompt.Grids[0].Width);
        var label = ((GroundingTarget)example.Target!).Objects[0];
        foreach (var (seen, said) in new[] { (red.X1, label.Box.X1), (red.Y1, label.Box.Y1), (red.X2, label.Box.X2), (red.Y2, label.Box.Y2) })
            said.Should().BeApproximately(seen, 1.0, "rounding is half a pixel, and an edge between two pixels another half");
        example.LabelFrame.Should().Be(new FrameSize(14 * prompt.Grids[0].Width, 14 * prompt.Grids[0].Height));

        // And back: what the model would say is the object in the stored picture.
        var back = example.ToPicture().Apply(label.Box);
        var (pixelX, pixelY) = (0.5 * width / example.LabelFrame!.Value.Width, 0.5 * height / example.LabelFrame.Value.Height);
        back.X1.Should().BeApproximately(x1, pixelX + 1e-9);
        back.X2.Should().BeApproximately(x2, pixelX + 1e-9);
        back.Y1.Should().BeApproximately(y1, pixelY + 1e-9);
        back.Y2.Should().BeApproximately(y2, pixelY + 1e-9);
    }

    [Theory]
    [InlineData("qwen2_vl")]
    [InlineData("qwen3_vl")]
    public void Qwen2VL_and_Qwen3VL_speak_of_thousandths(string family)
    {   // 200 × 50: x · 5, y · 20
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf(family));
        encoder.Coordinates.Should().Be(CoordinateFrame.Thousandths);
        var target = new GroundingTarget([new GroundedObject(new Box(10, 10, 200, 50), new PixelPoint(20, 30))]);
        var example = encoder.InModelFrame(VisionExample.Ask("a", "?", target, ImageSource.FromBytes(Pictures.Plain(200, 50), "p")));
        ((GroundingTarget)example.Target!).Objects.Should().Equal(new GroundedObject(new Box(50, 200, 1000, 1000), new PixelPoint(100, 600)));
        example.ToPicture().Apply(new Box(50, 200, 1000, 1000)).Should().Be(new Box(10, 10, 200, 50));
    }

    [Fact]
    public void ViSurfs_840_by_840_is_left_alone()
    {
        using var folder = Limited("qwen2_5_vl", 3136, 12845056);
        var target = new GroundingTarget([new GroundedObject(new Box(10, 10, 200, 50), new PixelPoint(20, 30))]);
        var example = VisionExample.Ask("a", "?", target, ImageSource.FromBytes(Pictures.Plain(840, 840), "p")) with { LabelFrame = new FrameSize(840, 840) };
        QwenPromptEncoder.Load(folder.Path).InModelFrame(example).Target.Should().BeSameAs(target);
    }

    [Fact]
    public void Pictures_of_several_sizes_leave_open_which_one_a_box_belongs_to()
    {
        var encoder = QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl"));
        ImageSource[] images = [ImageSource.FromBytes(Pictures.Plain(60, 60), "a"), ImageSource.FromBytes(Pictures.Plain(90, 60), "b")];
        var boxes = VisionExample.Ask("two", "?", new GroundingTarget([new(new Box(1, 1, 2, 2), new PixelPoint(1, 1))]), images);
        encoder.Invoking(e => e.InModelFrame(boxes)).Should().Throw<InvalidDataException>().WithMessage("*'two'*expected pictures of one size, got 60 × 60, 90 × 60*");
        encoder.InModelFrame(boxes with { Target = new TextTarget("b") }).Target.Should().Be(new TextTarget("b"));
    }

    [Fact]
    public void A_picture_whose_header_cannot_be_read_names_the_example()
        => QwenPromptEncoder.Load(Fixtures.PathOf("qwen2_5_vl")).Invoking(e => e.InModelFrame(VisionExample.Ask("x", "?", null, ImageSource.FromBytes(new byte[] { 1, 2, 3 }, "broken"))))
            .Should().Throw<InvalidDataException>().WithMessage("*'x'*'broken'*");

    /// <summary>A copy of a fixture whose pictures are resized to within these limits.</summary>
    internal static TemporaryDirectory Limited(string family, long minPixels, long maxPixels)
    {
        var folder = TemporaryDirectory.CopyOf(family);
        var path = folder.File("preprocessor_config.json");
        var settings = JsonNode.Parse(File.ReadAllText(path))!;
        (settings["min_pixels"], settings["max_pixels"]) = (minPixels, maxPixels);
        File.WriteAllText(path, settings.ToJsonString());
        return folder;
    }

    /// <summary>The bounds of what is more red than blue, from patches in the order of the vision tower: blocks of 2 × 2 patches; a patch is [channel, frame, 14, 14].</summary>
    private static Box RedBox(float[] patches, int rows, int columns)
    {
        var (mean, std) = (new ImageProcessorConfig().Mean, new ImageProcessorConfig().Std);
        double x1 = double.MaxValue, y1 = double.MaxValue, x2 = 0, y2 = 0;
        var patch = 0;
        for (var by = 0; by < rows; by += 2)
            for (var bx = 0; bx < columns; bx += 2)
                for (var inner = 0; inner < 4; inner++, patch++)
                    for (var p = 0; p < 196; p++)
                    {
                        double Channel(int c) => patches[patch * 1176 + c * 392 + p] * std[c] + mean[c];
                        if (Channel(0) <= Channel(2)) continue;
                        var (x, y) = ((bx + inner % 2) * 14 + p % 14, (by + inner / 2) * 14 + p / 14);
                        (x1, y1, x2, y2) = (Math.Min(x1, x), Math.Min(y1, y), Math.Max(x2, x + 1), Math.Max(y2, y + 1));
                    }
        return new Box(x1, y1, x2, y2);
    }
}
