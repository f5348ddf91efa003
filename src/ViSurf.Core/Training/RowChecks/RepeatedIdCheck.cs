namespace ViSurf.Core.Training.RowChecks;

/// <summary>
/// An id is part of the address of random numbers, and quoted by every error: it must be one row's own. Remembers those of the rows before.
/// </summary>
internal sealed class RepeatedIdCheck : IRowCheck
{
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

    public void Look(RowFindings row)
    {
        if (!_ids.Add(row.Example.Id)) row.Problem("its id occurs more than once");
    }
}
