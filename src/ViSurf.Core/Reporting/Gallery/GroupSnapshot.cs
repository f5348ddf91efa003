using ViSurf.Core.Rewards;
using ViSurf.Core.Training;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>A group of a step, kept to be shown.</summary>
internal sealed class GroupSnapshot
{
    private TrainedGroup? _group;
    private GroupView? _view;

    /// <summary>A group as the step reported it.</summary>
    public GroupSnapshot(long step, TrainedGroup group)
    {
        (Step, _group, Interest) = (step, group, InterestOf(group));
        LabelIsUsed = group.Controlled.Scores.Where((_, i) => group.Controlled.IsDemonstration(i))
            .Select(score => (bool?)(!score.Neutral && score.IsScored)).FirstOrDefault();
    }

    /// <summary>A group of which only what is shown is left.</summary>
    public GroupSnapshot(SavedGroup saved) => (Step, Interest, LabelIsUsed, _view) = (saved.Step, saved.Interest, saved.LabelIsUsed, saved.View);

    public long Step { get; }

    /// <summary>
    /// How much there is to see, in [0, 5]: rollouts that differ, a label that acts or was just overtaken, a picture, something to draw over it. Groups
    /// in which everything is equal come last.
    /// </summary>
    public double Interest { get; }

    /// <summary>Whether a label took part; null for a group without one.</summary>
    public bool? LabelIsUsed { get; }

    /// <summary>The more interesting of two; of equals the later.</summary>
    public static GroupSnapshot Better(GroupSnapshot a, GroupSnapshot b) => a.Interest > b.Interest ? a : b;

    /// <summary>What is shown of it: made when it is needed, because most groups never are and their pictures need not be decoded.</summary>
    public GroupView View(Func<TrainedGroup, GroupView> look)
    {
        if (_view is null) (_view, _group) = (look(_group!), null);
        return _view;
    }

    private static double InterestOf(TrainedGroup group)
    {
        var scored = group.Scored;
        var totals = scored.RolloutTotals.Where(double.IsFinite).ToArray();
        var (least, most) = totals.Length == 0 ? (0, 0) : (totals.Min(), totals.Max());
        var spread = SameReward.Is(most, least) ? 0 : (most - least) / (Math.Abs(most) + Math.Abs(least));
        var target = scored.Group.Example.Target;
        return spread + (group.IsNeutral ? 0 : 1) + (scored.Group.Example.Images.Count > 0 ? 1 : 0) + (Shapes.AnyOf(target) ? 1 : 0)
            + (group.Controlled.Scores.Count == scored.Scores.Count ? 1 : 0);
    }
}

/// <summary>A group as a checkpoint holds it.</summary>
internal sealed record SavedGroup(long Step, double Interest, bool? LabelIsUsed, GroupView View);
