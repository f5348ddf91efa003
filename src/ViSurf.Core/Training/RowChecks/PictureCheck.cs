using ViSurf.Core.Data;

namespace ViSurf.Core.Training.RowChecks;

/// <summary>Pictures open, and each has a place in the turns. Finds their sizes for the checks after it.</summary>
/// <param name="size">Opens a picture and says its size; throws when it is broken.</param>
internal sealed class PictureCheck(Func<ImageSource, FrameSize> size) : IRowCheck
{
    public void Look(RowFindings row)
    {
        var (images, sizes, before) = (row.Example.Images, new List<FrameSize>(), row.Problems.Count);
        foreach (var image in images) row.Attempt($"picture '{image.Name}' does not open", () => sizes.Add(size(image)));
        if (sizes.Count == images.Count) row.Sizes = sizes;
        var places = row.Example.Turns.Sum(turn => turn.Parts.Count(part => part.IsImage));
        if (places != images.Count) row.Problem($"{images.Count} pictures, but its turns have places for {places}");
        row.PicturesFit = row.Problems.Count == before;
    }
}
