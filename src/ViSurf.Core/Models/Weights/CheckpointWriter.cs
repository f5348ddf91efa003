using System.Globalization;
using System.Text.Json;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>Writes weights as Hugging Face does: one file, or shards with an index when they exceed a size.</summary>
public static class CheckpointWriter
{
    /// <summary>Writes all tensors into a directory.</summary>
    /// <param name="directory">Must exist; weight files already there are replaced.</param>
    /// <param name="tensors">Names and tensors.</param>
    /// <param name="maxShardBytes">5 GB, the default of transformers' <c>save_pretrained</c>.</param>
    public static void Write(string directory, IReadOnlyList<(string Name, Tensor Value)> tensors, long maxShardBytes = 5_000_000_000)
    {
        Guard.Positive(maxShardBytes);
        var shards = Split(Guard.NotNull(tensors), maxShardBytes);
        var single = Path.Combine(directory, "model.safetensors");
        var index = Path.Combine(directory, "model.safetensors.index.json");
        if (shards.Count == 1)
        {
            SafeTensorsWriter.Write(single, shards[0]);
            File.Delete(index);
            return;
        }
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < shards.Count; i++)
        {
            var file = string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:00000}-of-{shards.Count:00000}.safetensors");
            SafeTensorsWriter.Write(Path.Combine(directory, file), shards[i]);
            foreach (var (name, _) in shards[i]) map.Add(name, file);
        }
        var total = tensors.Sum(t => SafeTensorsWriter.Bytes(t.Value));
        File.WriteAllText(index, JsonSerializer.Serialize(new { metadata = new { total_size = total }, weight_map = map }));
        File.Delete(single);
    }

    private static List<List<(string Name, Tensor Value)>> Split(IReadOnlyList<(string Name, Tensor Value)> tensors, long limit)
    {
        var shards = new List<List<(string, Tensor)>> { new() };
        var size = 0L;
        foreach (var item in tensors)
        {
            var bytes = SafeTensorsWriter.Bytes(item.Value);
            if (size > 0 && size + bytes > limit)
            {
                shards.Add([]);
                size = 0;
            }
            shards[^1].Add(item);
            size += bytes;
        }
        return shards;
    }
}
