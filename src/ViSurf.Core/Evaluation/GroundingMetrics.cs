using System.Globalization;
using ViSurf.Core.Common;

namespace ViSurf.Core.Evaluation;

/// <summary>
/// Metrics of predicted regions. They apply to labels of boxes and of masks; a prediction that cannot be read is wrong in each of them. Of
/// several answers to an example each counts alike. <c>docs/evaluation.md</c> has the conventions and their papers.
/// </summary>
public static class GroundingMetrics
{
    /// <summary>
    /// "g_iou", mean over examples of the intersection over union of the areas that all predicted and all labelled regions cover; 1 where both
    /// are empty, 0 where one is (GRES; LISA for ReasonSeg).
    /// </summary>
    public static Metric GIoU(GroundingOptions? options = null) => Mean("g_iou", options, row => row.IoU);

    /// <summary>"c_iou", the sum of intersections over the sum of unions. An unreadable prediction adds the label's area to the unions.</summary>
    public static Metric CIoU(GroundingOptions? options = null)
        => Metric.Ratio("c_iou", example => Rows(example, options) is { Length: > 0 } rows ? (rows.Sum(row => row.Intersection), rows.Sum(row => row.Union)) : null);

    /// <summary>"n_acc", of the examples in which nothing fits, the share predicted empty (GRES).</summary>
    public static Metric NAcc(GroundingOptions? options = null) => Mean("n_acc", options, row => row.TargetEmpty ? Share(row.PredictedEmpty) : null);

    /// <summary>"t_acc", of the examples in which something fits, the share predicted not empty (GRES).</summary>
    public static Metric TAcc(GroundingOptions? options = null)
        => Mean("t_acc", options, row => row.TargetEmpty ? null : Share(row.Parsed && !row.PredictedEmpty));

    /// <summary>
    /// "box_accuracy@0.5", the share of examples in which a predicted box, or the box around all predicted ones, overlaps the box around the
    /// labelled ones by more than <paramref name="threshold"/>; nothing for nothing is right (ViSurf). With one box each: Acc@0.5 of RefCOCO.
    /// </summary>
    /// <param name="threshold">In [0, 1]. 0.5.</param>
    /// <param name="options">How predictions are read.</param>
    public static Metric BoxAccuracy(double threshold = 0.5, GroundingOptions? options = null)
    {
        Guard.InRange(threshold, 0, 1);
        return Mean(string.Create(CultureInfo.InvariantCulture, $"box_accuracy@{threshold}"), options, row => row.BoxIoU is { } overlap ? Share(overlap > threshold) : null);
    }

    /// <summary>
    /// "point_in_box", of the examples in which something fits, the share in which a predicted point, or a predicted box's centre, lies in a
    /// labelled box, edges included (ViSurf's GUI accuracy).
    /// </summary>
    public static Metric PointInBox(GroundingOptions? options = null) => Mean("point_in_box", options, row => row.PointHit is { } hit ? Share(hit) : null);

    /// <summary>"unreadable", the share of predictions that could not be read.</summary>
    public static Metric Unreadable(GroundingOptions? options = null) => Mean("unreadable", options, row => Share(!row.Parsed));

    private static Metric Mean(string name, GroundingOptions? options, Func<GroundingRow, double?> value)
        => Metric.Mean(name, example => Rows(example, options).Select(value).OfType<double>().MeanOrNull());

    private static GroundingRow[] Rows(EvaluatedExample example, GroundingOptions? options)
        => example.Completions.Select(completion => GroundingRow.Of(example.Example, completion, options)).OfType<GroundingRow>().ToArray();

    private static double Share(bool isRight) => isRight ? 1 : 0;
}
