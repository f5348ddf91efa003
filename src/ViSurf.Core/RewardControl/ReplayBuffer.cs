using System.Text.Json.Nodes;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>
/// Puts an informative group of an earlier step in the place of a group that teaches nothing because all its totals are equal (TRL's
/// experimental replay buffer). The rollouts of a replayed group are off-policy: their ratio is taken against the log-probabilities they were
/// drawn with.
/// </summary>
/// <remarks>
/// A group is worth the deviation of its totals times their absolute distances from the mean; the buffer keeps the most worthy, and hands out the
/// most worthy first, each once per step and at most as often as <see cref="MaxReplays"/>. It has state and is for one run of one trainer: a
/// checkpoint saves <see cref="State"/>, a resumed run calls <see cref="Restore"/>.
/// </remarks>
/// <param name="capacity">Most groups it keeps, greater than 0. 64 as in TRL.</param>
public sealed class ReplayBuffer(int capacity = 64) : IGroupPolicy
{
    private readonly int _capacity = Guard.Positive(capacity);
    private readonly List<Entry> _entries = [];

    /// <summary>How often a group may be replayed before it leaves.</summary>
    /// <value>4: the weights move on, and a ratio that the clip holds teaches nothing.</value>
    public int MaxReplays { get; init => field = Guard.Positive(value); } = 4;

    /// <summary>Groups in the buffer.</summary>
    public int Count => _entries.Count;

    /// <summary>
    /// What a checkpoint saves: the groups in order, with conversations, completions and scores. Pictures and labels are not in it: they stay in the
    /// data set, under the example's id.
    /// </summary>
    public JsonNode State => SavedGroup.Write([.. _entries.Select(entry => new SavedGroup(entry.Group, entry.Worth, entry.Replays))]);

    /// <summary>Goes on with saved groups in place of those it holds; capacity and <see cref="MaxReplays"/> are this object's.</summary>
    /// <param name="state">From <see cref="State"/>, of this process or of another one.</param>
    /// <param name="example">The data set's example of an id; null when there is none.</param>
    /// <exception cref="InvalidDataException">It is no such state, or an example is not in the data set; nothing was changed.</exception>
    public void Restore(JsonNode state, Func<string, VisionExample?> example)
    {
        var entries = SavedGroup.Read(state, example).Select(saved => new Entry(saved.Group, saved.Worth) { Replays = saved.Replays }).ToArray();
        _entries.Clear();
        _entries.AddRange(entries.Where(entry => entry.Replays < MaxReplays).Take(_capacity));
    }

    /// <inheritdoc/>
    public GroupSelection Select(IReadOnlyList<ScoredGroup> groups)
    {
        var stored = new Queue<Entry>(_entries);
        var skipped = new List<SkippedGroup>();
        var selected = Guard.NotNull(groups).Select(group =>
        {
            if (GroupPolicy.UniformReason(group) is not { } reason || !stored.TryDequeue(out var entry)) return group;
            entry.Replays++;
            skipped.Add(new SkippedGroup(group.Group.Example.Id, $"{reason}; '{entry.Group.Group.Example.Id}' of an earlier step was replayed in its place"));
            return entry.Group;
        }).ToArray();
        _entries.RemoveAll(entry => entry.Replays >= MaxReplays);
        foreach (var group in groups.Where(group => group.Scores.Count > 0 && GroupPolicy.UniformReason(group) is null))
            _entries.Add(new Entry(Replayable(group), Worth(group.TotalsOf(_ => true))));
        // Equals in the order in which they came: a resumed run hands out the same ones.
        Entry[] best = [.. _entries.OrderByDescending(entry => entry.Worth).Take(_capacity)];
        _entries.Clear();
        _entries.AddRange(best);
        return new GroupSelection(selected, skipped);
    }

    private static ScoredGroup Replayable(ScoredGroup group) => group with
    {
        Group = group.Group with
        {
            Completions = group.Group.Completions.Select((c, i) => group.IsDemonstration(i) ? c : c with { Replayed = true }).ToArray(),
        },
    };

    private static double Worth(double[] totals)
    {
        var mean = totals.Sum() / totals.Length;
        return totals.DeviationFrom(mean, totals.Length) * totals.Sum(t => Math.Abs(t - mean));
    }

    private sealed class Entry(ScoredGroup group, double worth)
    {
        public ScoredGroup Group { get; } = group;

        public double Worth { get; } = worth;

        public int Replays { get; set; }
    }
}
