namespace ViSurf.Core.Evaluation;

/// <summary>Metrics over a set of predictions. A metric is null when no row counts for it; rates are in [0, 1].</summary>
public sealed record GroundingReport
{
    /// <summary>All rows.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows with a grounding label, of which <see cref="EmptyRows"/> say "nothing there".</summary>
    public required int GroundingRows { get; init; }

    /// <summary>Grounding rows whose label is empty.</summary>
    public required int EmptyRows { get; init; }

    /// <summary>Rows with a text label.</summary>
    public required int TextRows { get; init; }

    /// <summary>Grounding rows whose prediction could not be read; they count as wrong in every metric of grounding rows.</summary>
    public required int ParseErrors { get; init; }

    /// <summary>
    /// Mean over grounding rows of the IoU between the areas covered by predicted and labelled boxes; 1 when both are empty, 0 when
    /// one is. The box form of ViSurf's gIoU, which measures masks.
    /// </summary>
    public required double? GIoU { get; init; }

    /// <summary>Sum of intersections over sum of unions, grounding rows; an unreadable prediction adds the label's area to the unions.</summary>
    public required double? CIoU { get; init; }

    /// <summary>Share of empty-label rows predicted empty (GRES: N-Acc).</summary>
    public required double? NAcc { get; init; }

    /// <summary>Share of rows with objects that are predicted to have some (GRES: T-Acc).</summary>
    public required double? TAcc { get; init; }

    /// <summary>
    /// Share of grounding rows where a predicted box, or the box around all predicted ones, has IoU above 0.5 with the box around the
    /// labelled ones; empty predicted for empty counts as right.
    /// </summary>
    public required double? BoxAccuracy { get; init; }

    /// <summary>Share of rows with objects where a predicted point, or a predicted box's centre, lies in a labelled box, edges included.</summary>
    public required double? PointAccuracy { get; init; }

    /// <summary>Share of all rows whose text is a think block followed by an answer block.</summary>
    public required double? ThinkingFormatRate { get; init; }

    /// <summary>Share of text rows answered exactly, as <see cref="Rewards.ExactAnswerReward"/> compares.</summary>
    public required double? ExactAnswerAccuracy { get; init; }
}
