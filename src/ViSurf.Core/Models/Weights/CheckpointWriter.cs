using System.Globalization;
using System.Text.Json;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>Writes weights as Hugging Face does: one file, or shards with an index when they exceed a size.</summary>
public static class CheckpointWriter
{
    /// <summary>
    /// Writes all tensors into a directory, each file whole or not at all. Several shards are not one step: policies save through a
    /// directory of their own that is exchanged at the end.
    /// </summary>
    /// <param name="directory">Must exist; weight files of the same names are replaced.</param>
    /// <param name="tensors">Names and tensors.</param>
    /// <param name="maxShardBytes">5 GB, as in <see cref="SaveOptions.MaxShardBytes"/>.</param>
    public static void Write(string directory, IReadOnlyList<(string Name, Tensor Value)> tensors, long maxShardBytes = 5_000_000_000)
    {
        Guard.Positive(maxShardBytes);
        var shards = Split(Guard.NotNull(tensors), maxShardBytes, null);
        Write(directory, shards, null, []);
        File.Delete(Path.Combine(directory, shards.Count > 1 ? CheckpointReader.Single : CheckpointReader.Index));
    }

    /// <summary>The files that the tensors will fill, in order.</summary>
    internal static IReadOnlyList<Shard> Split(IReadOnlyList<(string Name, Tensor Value)> tensors, long limit, ScalarType? type)
    {
        var parts = new List<List<(string, Tensor)>> { new() };
        var size = 0L;
        foreach (var item in tensors)
        {
            var bytes = SafeTensorsWriter.Bytes(item.Value, type);
            if (size > 0 && size + bytes > limit)
            {
                parts.Add([]);
                size = 0;
            }
            parts[^1].Add(item);
            size += bytes;
        }
        return [.. parts.Select((part, i) => new Shard(
            parts.Count == 1 ? CheckpointReader.Single : string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:00000}-of-{parts.Count:00000}.safetensors"), part))];
    }

    /// <summary>Writes the files and, for more than one, their index.</summary>
    internal static void Write(string directory, IReadOnlyList<Shard> shards, ScalarType? type, IReadOnlyList<(string Key, string Text)> notes)
    {
        foreach (var shard in shards) SafeTensorsWriter.Write(Path.Combine(directory, shard.File), shard.Tensors, type, notes);
        if (shards.Count == 1) return;
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var shard in shards)
            foreach (var (name, _) in shard.Tensors) map.Add(name, shard.File);
        var total = shards.Sum(s => s.Tensors.Sum(t => SafeTensorsWriter.Bytes(t.Value, type)));
        File.WriteAllText(Path.Combine(directory, CheckpointReader.Index), JsonSerializer.Serialize(new { metadata = new { total_size = total }, weight_map = map }));
    }

    /// <param name="File">Name of the file.</param>
    /// <param name="Tensors">What it holds; they stay the caller's.</param>
    internal sealed record Shard(string File, IReadOnlyList<(string Name, Tensor Value)> Tensors);
}
