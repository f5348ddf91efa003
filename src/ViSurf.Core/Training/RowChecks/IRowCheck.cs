namespace ViSurf.Core.Training.RowChecks;

/// <summary>
/// One thing that every row of a data set is looked at for. <see cref="DatasetCheck"/> lists them; what one throws becomes a line of the
/// row.
/// </summary>
internal interface IRowCheck
{
    /// <summary>
    /// Says what it found: <see cref="RowFindings.Problem"/> where the row is not fit for training, <see cref="RowFindings.Note"/> where it
    /// is only worth counting.
    /// </summary>
    void Look(RowFindings row);
}
