using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>Writes a whole checkpoint directory, which appears under its name when everything is on the disk.</summary>
internal static class CheckpointDirectory
{
    /// <param name="directory">New, empty, or ours (<see cref="SaveMark"/>).</param>
    /// <param name="side">Everything but the weights.</param>
    /// <param name="weights">By their names in a published checkpoint; they stay the caller's.</param>
    /// <param name="options">How.</param>
    public static void Save(string directory, SideFiles side, IReadOnlyList<(string Name, Tensor Value)> weights, SaveOptions options)
    {
        var shards = CheckpointWriter.Split(weights, options.MaxShardBytes, options.Type);
        var files = side.Names.Concat(shards.Select(s => s.File)).Concat(shards.Count > 1 ? [CheckpointReader.Index] : []);
        using var staged = StagedDirectory.Begin(directory, target => SaveMark.Ensure(target, options.Overwrite, "config.json"));
        side.Write(staged.Path, options.Type ?? Type(weights));
        CheckpointWriter.Write(staged.Path, shards, options.Type, SaveMark.Of(files));
        staged.Commit();
    }

    /// <summary>The dtype of most numbers.</summary>
    private static ScalarType Type(IReadOnlyList<(string Name, Tensor Value)> weights)
        => weights.GroupBy(w => w.Value.dtype).MaxBy(g => g.Sum(w => w.Value.numel()))!.Key;
}
