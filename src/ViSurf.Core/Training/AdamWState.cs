using System.Text.Json.Nodes;
using ViSurf.Core.Common;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Training;

/// <summary>The state of an AdamW optimizer as a part of a checkpoint.</summary>
public static class AdamWState
{
    /// <summary>
    /// Counts of updates as values; per parameter <c>NAME.exp_avg</c>, <c>NAME.exp_avg_sq</c> and, where it has one, <c>NAME.master</c> as tensors. The
    /// position in the learning-rate schedule is the count of updates.
    /// </summary>
    /// <param name="optimizer">Over the same parameters, with the same options.</param>
    /// <param name="key">Its name in the checkpoint; a second optimizer needs another.</param>
    public static CheckpointPart AsPart(this AdamWOptimizer optimizer, string key = "optimizer")
    {
        Guard.NotNull(optimizer);
        return new CheckpointPart(key, () => Save(optimizer), saved => Restore(optimizer, saved));
    }

    private static PartState Save(AdamWOptimizer optimizer)
    {
        var counts = new JsonObject();
        foreach (var slot in optimizer.Slots) counts.Add(slot.Name, slot.Updates);
        return new PartState(new JsonObject { ["updates"] = optimizer.Updates, ["parameters"] = counts }, [.. optimizer.Slots.SelectMany(slot => slot.Tensors())]);
    }

    private static void Restore(AdamWOptimizer optimizer, SavedPart saved)
    {
        var counts = saved.Values?["parameters"] as JsonObject ?? throw new InvalidDataException($"Expected update counts in the saved state of '{saved.Key}', got none.");
        var (here, there) = (optimizer.Slots.Select(slot => slot.Name).ToArray(), counts.Select(count => count.Key).ToArray());
        if (here.Except(there).Concat(there.Except(here)).FirstOrDefault() is { } differs)
            throw new InvalidDataException(
                $"Expected the saved state of '{saved.Key}' to be of the {here.Length} parameters that train here, got {there.Length}; '{differs}' is one that differs. "
                + "Freeze the same parameters as in the run that was saved.");
        foreach (var slot in optimizer.Slots) slot.Prepare((long)counts[slot.Name]!);
        saved.ReadAll([.. optimizer.Slots.SelectMany(slot => slot.Tensors())]);
        optimizer.Updates = (long)saved.Values!["updates"]!;
    }
}
