using ViSurf.Core.Reporting.Charts;
using ViSurf.Core.Reporting.Markup;
using ViSurf.Core.Training;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>The groups worth a look: some of the latest step, and one for each part of the run before it.</summary>
/// <param name="most">Groups shown at most.</param>
/// <param name="look">Takes out of a group what is shown of it.</param>
internal sealed class GroupGallery(int most, Func<TrainedGroup, GroupView> look)
{
    private readonly Timeline<GroupSnapshot> _earlier = new(2 * Math.Max(1, most), GroupSnapshot.Better);
    private IReadOnlyList<GroupSnapshot> _latest = [];

    /// <summary>Sees the groups of a step.</summary>
    public void Add(StepReport report)
    {
        // The best of each kind before the second best of any: labels in use, labels smoothed away, no labels.
        _latest = [.. report.Groups.Where(group => group.Scored.Scores.Count > 0).Select(group => new GroupSnapshot(report.Step, group))
            .OrderByDescending(s => s.Interest).GroupBy(s => s.LabelIsUsed).SelectMany(kind => kind.Select((s, rank) => (Snapshot: s, Rank: rank)))
            .OrderBy(x => x.Rank).ThenByDescending(x => x.Snapshot.Interest).Select(x => x.Snapshot).Take(OfLatest)];
        if (_latest.Count > 0) _earlier.Add(report.Step, _latest[0]);
    }

    /// <summary>What a checkpoint holds of it.</summary>
    public SavedGallery Saved => new(
        _earlier.Stride, [.. _earlier.Stretches.Select(s => new Stretch<SavedGroup>(s.First, s.Last, s.Count, Save(s.Value)))],
        [.. _latest.Select(Save)]);

    private int OfLatest => (most + 2) / 3;

    /// <summary>Goes on from there.</summary>
    public void Restore(SavedGallery saved)
    {
        _earlier.Restore(saved.Stride, saved.Earlier.Select(s => new Stretch<GroupSnapshot>(s.First, s.Last, s.Count, new GroupSnapshot(s.Value))));
        _latest = [.. saved.Latest.Select(group => new GroupSnapshot(group)).Take(OfLatest)];
    }

    /// <summary>What is shown, the latest first.</summary>
    public IReadOnlyList<GroupSnapshot> Chosen()
    {
        var before = _earlier.Stretches.Select(s => s.Value).Where(s => _latest.Count == 0 || s.Step < _latest[0].Step).ToArray();
        var room = Math.Min(most - _latest.Count, before.Length);
        // Evenly over the run, each place taken by the most interesting group of its part.
        var parts = Enumerable.Range(0, room).Select(i => before[(i * before.Length / room)..((i + 1) * before.Length / room)].Aggregate(GroupSnapshot.Better));
        return [.. _latest, .. parts.Reverse()];
    }

    /// <summary>Writes cards as long as they fit.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="room">Bytes there are for them.</param>
    /// <returns>Groups shown, and those for which there was no room.</returns>
    public (int Shown, int LeftOut) Write(HtmlWriter html, int room)
    {
        var (shown, leftOut) = (0, 0);
        foreach (var snapshot in Chosen())
        {
            var written = new HtmlWriter();
            GroupCard.Write(written, snapshot.Step, snapshot.View(look), shown);
            if (written.Bytes > room)
            {
                leftOut++;
                continue;
            }
            room -= written.Bytes;
            html.Append(written).Line();
            shown++;
        }
        return (shown, leftOut);
    }

    private SavedGroup Save(GroupSnapshot snapshot) => new(snapshot.Step, snapshot.Interest, snapshot.LabelIsUsed, snapshot.View(look));
}

/// <summary>The groups of a gallery as a checkpoint holds them.</summary>
/// <param name="Stride">Steps that a part of the run takes.</param>
/// <param name="Earlier">One for each part of the run.</param>
/// <param name="Latest">Of the latest step.</param>
internal sealed record SavedGallery(int Stride, IReadOnlyList<Stretch<SavedGroup>> Earlier, IReadOnlyList<SavedGroup> Latest);
