using SkiaSharp;
using ViSurf.Core.Advantages;
using ViSurf.Core.Data;
using ViSurf.Core.RewardControl;
using ViSurf.Core.Rewards;
using ViSurf.Core.Training;

namespace ViSurf.Core.Tests.Reporting;

/// <summary>Steps whose completions are given, judged, controlled and compared by the library's own parts.</summary>
internal static class SampleRun
{
    public const string Exact = """<think>there</think><answer>[{"bbox_2d": [10, 20, 50, 60], "point_2d": [30, 40]}]</answer>""";
    public const string Shifted = """<answer>[{"bbox_2d": [30, 20, 70, 60], "point_2d": [50, 40]}]</answer>""";

    public static GroundingTarget Circle { get; } = new([new GroundedObject(new Box(10, 20, 50, 60), new PixelPoint(30, 40))]);

    public static VisionExample Example(string id = "one", string question = "Find the circle.", byte[]? picture = null)
        => VisionExample.Ask(id, question, Circle, ImageSource.FromBytes(picture ?? Picture(120, 80), id + ".png"));

    public static byte[] Picture(int width, int height, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        using var bitmap = new SKBitmap(width, height);
        // All at once: SetPixel makes a canvas for each.
        bitmap.Pixels = [.. from y in Enumerable.Range(0, height) from x in Enumerable.Range(0, width)
            select new SKColor((byte)(x * 255 / width), (byte)(y * 255 / height), (byte)((x * 7 + y * 13) % 256))];
        using var data = bitmap.Encode(format, 90);
        return data.ToArray();
    }

    public static StepReport Step(long step, VisionExample example, params string[] rollouts) => Step(step, VisionReasonerRewards.Suite(), example, rollouts);

    public static StepReport Step(long step, RewardSuite suite, VisionExample example, params string[] rollouts)
    {
        var completions = rollouts.Select(text => new Completion([1, 2, 3], text, FinishReason.Stop, CompletionSource.Policy));
        var label = example.Target is null ? [] : new[] { new Completion([1, 2], new LabelFormat().Write(example.Target), FinishReason.Stop, CompletionSource.Demonstration) };
        return Step(step, suite.Score(new RolloutGroup(example, [.. completions, .. label])));
    }

    public static StepReport Step(long step, ScoredGroup scored)
    {
        var controlled = new ViSurfRewardControl().Control(scored);
        TrainedGroup[] groups = [new(scored, controlled, AdvantageEstimators.GroupNormalized()([controlled])[0])];
        return new StepReport
        {
            Step = step,
            Groups = groups,
            Rewards = StepSummaries.Rewards(groups),
            Lengths = StepSummaries.Lengths(groups, [10]),
            Updates = [new UpdateReport(0.5, 2.5, 1e-6, new Dictionary<string, double> { ["entropy"] = 0.7, ["clip_fraction"] = 0.1 }, null)],
            SkippedUpdates = 0,
            Times = new StepTimes(0.1, 1.5, 0.2, 2.2),
        };
    }
}
