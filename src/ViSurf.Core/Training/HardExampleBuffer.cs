using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using ViSurf.Core.Common;
using ViSurf.Core.Data;
using ViSurf.Core.RewardControl;

namespace ViSurf.Core.Training;

/// <summary>Examples with a label that no rollout got right, waiting to be imitated: ReLIFT's buffer. Each example waits once.</summary>
/// <param name="rightFrom">A rollout with at least this total, before reward control, is right.</param>
public sealed class HardExampleBuffer(double rightFrom)
{
    private readonly Dictionary<string, VisionExample> _waiting = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>Examples that wait.</summary>
    public int Count => _order.Count;

    /// <summary>
    /// What a checkpoint saves: the waiting examples in order, with their conversations. Pictures and labels stay in the data set, under the
    /// example's id.
    /// </summary>
    public JsonNode State => SavedState.Write([.. _order.Select(id => SavedExample.Of(_waiting[id]))]);

    /// <summary>Goes on with saved examples in place of those that wait.</summary>
    /// <param name="state">From <see cref="State"/>, of this process or of another one.</param>
    /// <param name="example">The data set's example of an id; null when there is none.</param>
    /// <exception cref="InvalidDataException">It is no such state, or an example is not in the data set; nothing was changed.</exception>
    public void Restore(JsonNode state, Func<string, VisionExample?> example)
    {
        Guard.NotNull(example);
        var examples = SavedState.Read<SavedExample>(state, "a buffer of hard examples").Select(saved => saved.Find(example)).ToArray();
        _waiting.Clear();
        _order.Clear();
        foreach (var waiting in examples)
            if (_waiting.TryAdd(waiting.Id, waiting)) _order.Enqueue(waiting.Id);
    }

    /// <summary>Puts the failed examples of a step into the buffer; an entry of <see cref="TrainerParts.AfterStep"/>.</summary>
    public void Collect(StepReport report)
    {
        foreach (var group in Guard.NotNull(report).Groups.Select(g => g.Scored))
        {
            var totals = group.RolloutTotals;
            var example = group.Group.Example;
            if (example.Target is null || totals.Length == 0 || totals.Any(total => total >= rightFrom)) continue;
            if (_waiting.TryAdd(example.Id, example)) _order.Enqueue(example.Id);
        }
    }

    /// <summary>Takes the longest waiting examples when there are enough.</summary>
    /// <param name="count">How many, greater than 0.</param>
    /// <param name="examples">That many.</param>
    public bool TryTake(int count, [NotNullWhen(true)] out IReadOnlyList<VisionExample>? examples)
    {
        Guard.Positive(count);
        examples = null;
        if (_order.Count < count) return false;
        var taken = new List<VisionExample>(count);
        for (var i = 0; i < count && _order.TryDequeue(out var id); i++)
            if (_waiting.Remove(id, out var example)) taken.Add(example);
        examples = taken;
        return true;
    }
}
