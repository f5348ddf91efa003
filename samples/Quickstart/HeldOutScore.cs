using System.Text.RegularExpressions;
using ViSurf.Core.Data;

namespace Quickstart;

/// <summary>What the table shows: shares of held-out rows, in [0, 1].</summary>
/// <param name="GIoU">Mean intersection over union where the object is there.</param>
/// <param name="NAcc">Share of absent objects that are answered with an empty list.</param>
/// <param name="BoxAccuracy">Share of present objects whose box has an IoU above one half.</param>
/// <param name="Thinking">Share of all answers that think first: a think block, then an answer block, nothing else.</param>
internal sealed partial record HeldOutScore(double GIoU, double NAcc, double BoxAccuracy, double Thinking)
{
    public static HeldOutScore Of(IReadOnlyList<Prediction> predictions)
    {
        var present = predictions.Where(p => p.Truth is { Count: > 0 }).ToArray();
        var absent = predictions.Where(p => p.Truth is { Count: 0 }).ToArray();
        return new HeldOutScore(
            Mean(present, Overlap),
            Mean(absent, p => p.Boxes is { Count: 0 } ? 1 : 0),
            Mean(present, p => Overlap(p) > 0.5 ? 1 : 0),
            Mean(predictions, p => ThinkThenAnswer().IsMatch(p.Text) ? 1 : 0));
    }

    /// <summary>Mean over the objects of the best predicted box each, divided by the larger count, so that extra boxes cost.</summary>
    private static double Overlap(Prediction p)
        => p.Boxes is not { Count: > 0 } boxes ? 0
            : p.Truth!.Sum(t => boxes.Max(t.IntersectionOverUnion)) / Math.Max(p.Truth!.Count, boxes.Count);

    private static double Mean(IReadOnlyCollection<Prediction> rows, Func<Prediction, double> value)
        => rows.Count == 0 ? double.NaN : rows.Average(value);

    [GeneratedRegex(@"\A<think>.*?</think>\s*<answer>.*?</answer>\z", RegexOptions.Singleline)]
    private static partial Regex ThinkThenAnswer();
}
