namespace ViSurf.Core.Training.RowChecks;

/// <summary>Boxes, points and masks lie inside their picture.</summary>
internal sealed class CoordinateCheck : IRowCheck
{
    public void Look(RowFindings row)
    {
        if (row.Sizes is not { Count: > 0 } sizes) return;
        foreach (var problem in LabelGeometry.Problems(row.Example.Target, row.Example.LabelFrame is { } frame ? [frame] : sizes)) row.Problem(problem);
    }
}
