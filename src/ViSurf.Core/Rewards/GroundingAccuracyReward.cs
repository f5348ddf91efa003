using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>
/// VisionReasoner's accuracy, 0 to 3: predicted and labelled objects are matched one to one so that the sum of marks is largest, and
/// the sum is divided by the longer list's length. A pair has one mark each for box overlap, box distance and point distance.
/// Applies to grounding labels only; an answer that cannot be read scores 0.
/// </summary>
public sealed class GroundingAccuracyReward : IRewardFunction
{
    /// <summary>"accuracy".</summary>
    public const string ComponentName = "accuracy";

    /// <summary>A pair's first mark: intersection over union above this, in [0, 1].</summary>
    /// <value>0.5.</value>
    public double MinimumOverlap { get; init => field = Guard.InRange(value, 0, 1); } = 0.5;

    /// <summary>A pair's second mark: the mean of the four coordinates' differences is below this, in pixels.</summary>
    /// <value>10, for pictures of 840 × 840.</value>
    public double MaximumBoxDistance { get; init => field = Guard.NotNegative(Guard.Finite(value), nameof(value)); } = 10;

    /// <summary>A pair's third mark: the points are closer than this, in pixels, and the predicted point lies in its own box, edges included.</summary>
    /// <value>30, for pictures of 840 × 840.</value>
    public double MaximumPointDistance { get; init => field = Guard.NotNegative(Guard.Finite(value), nameof(value)); } = 30;

    /// <summary>Predictions and labels beyond this many are not looked at, which bounds the time of the matching.</summary>
    /// <value>120.</value>
    public int MaximumObjects { get; init => field = Guard.Positive(value); } = 120;

    /// <summary>Whether "nothing there" is right when the label is empty (3); stock VisionReasoner gives 0.</summary>
    /// <value>true: ViSurf trains on pictures in which nothing fits. When exactly one side is empty the score is 0 either way.</value>
    public bool EmptyMatchesEmpty { get; init; } = true;

    /// <summary>What a coordinate means for the first mark.</summary>
    /// <value><see cref="PixelConvention.Inclusive"/>, as in VisionReasoner.</value>
    public PixelConvention Convention { get; init; } = PixelConvention.Inclusive;

    /// <inheritdoc/>
    public string Name => ComponentName;

    /// <inheritdoc/>
    public double Maximum => 3;

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">A labelled box is reversed or holds something that is no finite number.</exception>
    public double? Score(VisionExample example, Completion completion)
    {
        if (Guard.NotNull(example).Target is not GroundingTarget target) return null;
        LabelGuard.Boxes(target.Objects.Select(o => o.Box));
        if (GroundingAnswer.FromText(Guard.NotNull(completion).Text)?.Objects(MaximumObjects) is not { } predicted) return 0;
        if (target.Objects.Count == 0 && predicted.Count == 0) return EmptyMatchesEmpty ? Maximum : 0;
        if (target.Objects.Count == 0 || predicted.Count == 0) return 0;

        var labelled = target.Objects.Take(MaximumObjects).ToArray();
        var cost = new double[predicted.Count, labelled.Length];
        for (var p = 0; p < predicted.Count; p++)
            for (var l = 0; l < labelled.Length; l++)
                cost[p, l] = -Marks(predicted[p], labelled[l]);
        var assignment = LinearAssignment.Solve(cost);
        var marks = 0.0;
        for (var p = 0; p < assignment.Length; p++)
            if (assignment[p] >= 0) marks -= cost[p, assignment[p]];
        return marks / Math.Max(predicted.Count, labelled.Length);
    }

    private int Marks(GroundedObject predicted, GroundedObject labelled)
        => (Overlap(predicted.Box, labelled.Box) > MinimumOverlap ? 1 : 0)
           + (Distance(predicted.Box, labelled.Box) < MaximumBoxDistance ? 1 : 0)
           + (Distance(predicted.Point, labelled.Point) < MaximumPointDistance && Contains(predicted.Box, predicted.Point) ? 1 : 0);

    private double Overlap(Box a, Box b)
        => Convention == PixelConvention.Continuous ? BoxOverlap.IoU(a, b) : InclusiveOverlap(a, b);

    // Not BoxOverlap: the reference lets a reversed predicted box have a negative area.
    private static double InclusiveOverlap(Box a, Box b)
    {
        var intersection = Math.Max(0, Math.Min(a.X2, b.X2) - Math.Max(a.X1, b.X1) + 1)
                           * Math.Max(0, Math.Min(a.Y2, b.Y2) - Math.Max(a.Y1, b.Y1) + 1);
        return intersection / (Pixels(a) + Pixels(b) - intersection);
    }

    private static double Pixels(Box box) => (box.X2 - box.X1 + 1) * (box.Y2 - box.Y1 + 1);

    private static double Distance(Box a, Box b)
        => (Math.Abs(a.X1 - b.X1) + Math.Abs(a.Y1 - b.Y1) + Math.Abs(a.X2 - b.X2) + Math.Abs(a.Y2 - b.Y2)) / 4;

    private static double Distance(PixelPoint a, PixelPoint b)
        => Math.Sqrt((a.X - b.X) * (a.X - b.X) + (a.Y - b.Y) * (a.Y - b.Y));

    private static bool Contains(Box box, PixelPoint point)
        => point.X >= box.X1 && point.X <= box.X2 && point.Y >= box.Y1 && point.Y <= box.Y2;
}
