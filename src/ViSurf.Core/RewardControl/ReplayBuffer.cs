using ViSurf.Core.Common;
using ViSurf.Core.Rewards;

namespace ViSurf.Core.RewardControl;

/// <summary>
/// Puts an informative group of an earlier step in the place of a group that teaches nothing because all its totals are equal (TRL's
/// experimental replay buffer). The rollouts of a replayed group are off-policy: their ratio is taken against the log-probabilities they were
/// drawn with.
/// </summary>
/// <remarks>
/// A group is worth the deviation of its totals times their absolute distances from the mean; the buffer keeps the most worthy, and hands out the
/// most worthy first, each once per step and at most as often as <see cref="MaxReplays"/>. It has state, and is for one run of one trainer.
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
            _entries.Add(new Entry(Replayable(group), Worth(group.Totals)));
        _entries.Sort((a, b) => b.Worth.CompareTo(a.Worth));
        if (_entries.Count > _capacity) _entries.RemoveRange(_capacity, _entries.Count - _capacity);
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
        var deviation = Math.Sqrt(totals.Sum(t => (t - mean) * (t - mean)) / totals.Length);
        return deviation * totals.Sum(t => Math.Abs(t - mean));
    }

    private sealed class Entry(ScoredGroup group, double worth)
    {
        public ScoredGroup Group { get; } = group;

        public double Worth { get; } = worth;

        public int Replays { get; set; }
    }
}
