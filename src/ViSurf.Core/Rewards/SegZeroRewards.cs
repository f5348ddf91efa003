using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards.Measures;
using ViSurf.Core.Rewards.Parsing;

namespace ViSurf.Core.Rewards;

/// <summary>The reward of Seg-Zero: one object as a box and two points; a plain sum with maximum 5. Applies to Seg-Zero labels.</summary>
public static class SegZeroRewards
{
    /// <summary>Thinking format, answer format, box overlap, box distance and points, 1 each.</summary>
    /// <param name="strictFormat">
    /// true (default, its <c>seg_strict</c>): the keys are <c>bbox</c>, <c>points_1</c> and <c>points_2</c>, among others perhaps. false
    /// (its <c>seg</c>): some key holds "bbox" and two hold "point".
    /// </param>
    /// <param name="side">Longer side of the pictures in pixels; the thresholds of 10 and 100 pixels belong to 840 and scale with it.</param>
    public static RewardSuite Suite(bool strictFormat = true, double side = 840)
    {
        var scale = Guard.Positive(side) / 840;
        return new RewardSuite(
            new ThinkingFormatReward(),
            Component("answer_format", (answer, _) => strictFormat ? answer.HasExactKeys : answer.HasKeys),
            Component("box_iou", (answer, label) => answer.Box is { } box && Overlap(box, label.Box) > 0.5),
            Component("box_l1", (answer, label) => answer.Box is { } box && Distance(box, label.Box) < 10 * scale),
            Component("points", (answer, label) => ArePointsRight(answer, label, 100 * scale)));

        IRewardFunction Component(string name, Func<SegZeroAnswer, SegZeroTarget, bool> isRight)
            => SegZeroRewards.Component(name, strictFormat, isRight);
    }

    private static IRewardFunction Component(string name, bool exactKeys, Func<SegZeroAnswer, SegZeroTarget, bool> isRight)
        => RewardFunction.From(name, (example, completion) =>
        {
            if (Guard.NotNull(example).Target is not SegZeroTarget label) return null;
            LabelGuard.Boxes([label.Box], solid: true);
            LabelGuard.Points(label.First, label.Second);
            return SegZeroAnswer.FromText(Guard.NotNull(completion).Text, exactKeys) is { } answer && isRight(answer, label) ? 1 : 0;
        });

    private static bool ArePointsRight(SegZeroAnswer answer, SegZeroTarget label, double limit)
    {
        if (answer is not { Box: { } box, First: { } a, Second: { } b } || !Contains(box, a) || !Contains(box, b)) return false;
        var straight = Distance(a, label.First) + Distance(b, label.Second);
        var crossed = Distance(a, label.Second) + Distance(b, label.First);
        return Math.Min(straight, crossed) / 2 < limit;
    }

    // Edges are pixels, but boxes that share a row or a column of them alone do not overlap.
    private static double Overlap(Box a, Box b)
        => Math.Min(a.X2, b.X2) > Math.Max(a.X1, b.X1) && Math.Min(a.Y2, b.Y2) > Math.Max(a.Y1, b.Y1)
            ? BoxOverlap.IoU(a, b, PixelConvention.Inclusive) : 0;

    private static double Distance(Box a, Box b)
        => (Math.Abs(a.X1 - b.X1) + Math.Abs(a.Y1 - b.Y1) + Math.Abs(a.X2 - b.X2) + Math.Abs(a.Y2 - b.Y2)) / 4;

    private static double Distance(PixelPoint a, PixelPoint b) => Math.Sqrt((a.X - b.X) * (a.X - b.X) + (a.Y - b.Y) * (a.Y - b.Y));

    private static bool Contains(Box box, PixelPoint point) => point.X >= box.X1 && point.X <= box.X2 && point.Y >= box.Y1 && point.Y <= box.Y2;
}
