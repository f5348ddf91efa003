using ViSurf.Core.Data;
using ViSurf.Core.Reporting.Markup;
using ViSurf.Core.Training;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>A group of a step, kept to be shown.</summary>
internal sealed class GroupSnapshot(long step, TrainedGroup group)
{
    private Thumbnail[]? _pictures;

    public long Step { get; } = step;

    public TrainedGroup Group { get; } = group;

    public VisionExample Example => Group.Scored.Group.Example;

    /// <summary>
    /// How much there is to see, in [0, 5]: rollouts that differ, a label that acts or was just overtaken, a picture, something to draw over it. Groups
    /// in which everything is equal come last.
    /// </summary>
    public double Interest { get; } = InterestOf(group);

    /// <summary>Whether a label took part; null for a group without one.</summary>
    public bool? LabelIsUsed { get; } = group.Controlled.Scores.Where((_, i) => group.Controlled.IsDemonstration(i)).Select(score => (bool?)!score.Neutral).FirstOrDefault();

    /// <summary>The more interesting of two; of equals the later.</summary>
    public static GroupSnapshot Better(GroupSnapshot a, GroupSnapshot b) => a.Interest > b.Interest ? a : b;

    /// <summary>The example's pictures, decoded once.</summary>
    public IReadOnlyList<Thumbnail> Pictures(int side) => _pictures ??= [.. Example.Images.Take(MostPictures).Select(image => Thumbnail.Of(image, side))];

    /// <summary>Pictures of one example that are shown.</summary>
    public const int MostPictures = 4;

    private static double InterestOf(TrainedGroup group)
    {
        var scored = group.Scored;
        var totals = scored.Scores.Where((_, i) => !scored.IsDemonstration(i)).Select(s => s.Total).Where(double.IsFinite).ToArray();
        var (least, most) = totals.Length == 0 ? (0, 0) : (totals.Min(), totals.Max());
        var spread = most - least < 1e-9 ? 0 : (most - least) / (Math.Abs(most) + Math.Abs(least));
        var target = scored.Group.Example.Target;
        return spread + (group.IsNeutral ? 0 : 1) + (scored.Group.Example.Images.Count > 0 ? 1 : 0) + (Shapes.Of(target).IsEmpty ? 0 : 1)
            + (group.Controlled.Scores.Count == scored.Scores.Count ? 1 : 0);
    }
}
