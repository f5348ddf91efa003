using ViSurf.Core.Data.Pictures;

namespace ViSurf.Core.Training.RowChecks;

/// <summary>Counts rows whose boxes are in another frame where a tool that took pixels as they are stored made them.</summary>
internal sealed class TurnedPictureCheck : IRowCheck
{
    public void Look(RowFindings row)
    {
        // What cannot be opened is said by the check before; its pictures may be no files, for a size of one's own.
        if (row.Sizes is null || !row.Example.Images.Any(PictureReader.IsTurned)) return;
        row.Note("pictures are turned or mirrored by their EXIF orientation, so boxes must be those of the upright picture "
            + "(PictureOptions.ApplyOrientation takes pixels as stored)");
    }
}
