using BenchmarkDotNet.Attributes;
using ViSurf.Core.Data;
using ViSurf.Core.Models.Images;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.Benchmarks.Parts;

/// <summary>What happens before and after the model: pictures to patches, answers to rewards. On the CPU whatever the device.</summary>
public class ManagedParts
{
    private const string Answer =
        "<think>There are three red squares. The left one touches the border. The other two stand side by side.</think>"
        + "<answer>[{\"bbox_2d\": [10, 20, 40, 50], \"point_2d\": [25, 35]}, {\"bbox_2d\": [110, 20, 140, 50], \"point_2d\": [125, 35]}, {\"bbox_2d\": [210, 21, 240, 52], \"point_2d\": [224, 36]}]</answer>";

    private readonly QwenImageProcessor _processor = new();
    private readonly RewardSuite _suite = VisionReasonerRewards.Suite();
    private RgbImage _exact = null!, _resized = null!;
    private RolloutGroup _group = null!;

    [GlobalSetup]
    public void Make()
    {
        var side = PartsSize.Smoke ? 56 : 448;
        (_exact, _resized) = (Picture(side), Picture(side + side / 3));
        var objects = new[] { 10, 110, 210 }.Select(x => new GroundedObject(new Box(x, 20, x + 30, 50), new PixelPoint(x + 15, 35))).ToArray();
        var example = VisionExample.Ask("parts", "Where are the red squares?", new GroundingTarget(objects));
        _group = new RolloutGroup(example, [.. Enumerable.Range(0, 9).Select(i => Completion.OfText(Answer.Replace("25", $"{20 + i}", StringComparison.Ordinal), CompletionSource.Policy))]);
    }

    /// <summary>A picture that has the right size.</summary>
    [Benchmark]
    public void ImageProcessor() => Process(_exact);

    /// <summary>One that is resized, by bicubic with antialias.</summary>
    [Benchmark]
    public void ImageProcessorResizing() => Process(_resized);

    /// <summary>VisionReasoner's four rewards of nine answers with three boxes each.</summary>
    [Benchmark]
    public ScoredGroup Rewards() => _suite.Score(_group);

    private void Process(RgbImage image)
    {
        var (pixels, _) = _processor.Process(image);
        pixels.Dispose();
    }

    private static RgbImage Picture(int side)
    {
        var pixels = new byte[3 * side * side];
        new Random(1).NextBytes(pixels);
        return new RgbImage(side, side, pixels);
    }
}
