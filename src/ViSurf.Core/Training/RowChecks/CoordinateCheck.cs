using ViSurf.Core.Data;
using ViSurf.Core.Encoding;

namespace ViSurf.Core.Training.RowChecks;

/// <summary>
/// Boxes, points and masks lie inside their picture as the row was read, and are in the model's frame when they are trained on.
/// </summary>
/// <param name="encoder">Knows the model's frame.</param>
internal sealed class CoordinateCheck(IPromptEncoder encoder) : IRowCheck
{
    public void Look(RowFindings row)
    {
        var before = row.Problems.Count;
        var frames = Frames(row);
        if (frames.Count > 0)
            foreach (var problem in LabelGeometry.OfFrame(row.Stored.Target, frames).Concat(LabelGeometry.OfShape(row.Stored.Target)))
                row.Problem(problem);
        if (row.Sizes is not null && row.Problems.Count == before) row.Attempt("its label's frame is not known", () => Model(row));
        row.LabelFits = row.Sizes is not null && row.Problems.Count == before;
    }

    private void Model(RowFindings row)
    {
        if (ModelFrame.Problem(encoder, row.Example) is { } other) row.Problem(other);
        else if (!ReferenceEquals(row.Example.Target, row.Stored.Target))
            foreach (var problem in LabelGeometry.OfShape(row.Example.Target))
                row.Problem($"in the frame of {row.Example.LabelFrame}, {problem}");
    }

    /// <summary>What the stored coordinates are inside of; empty where no size is known.</summary>
    private static IReadOnlyList<FrameSize> Frames(RowFindings row)
    {
        if (row.Sizes is not { Count: > 0 } sizes) return [];
        return row.Stored.LabelFrame is not { } frame ? sizes : frame != FrameSize.OfModel ? [frame]
            : row.Example.LabelFrame is { } resolved && resolved != FrameSize.OfModel ? [resolved] : [];
    }
}
