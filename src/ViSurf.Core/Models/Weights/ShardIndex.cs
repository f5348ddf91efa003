using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Weights;

/// <summary><c>model.safetensors.index.json</c>: which tensor is in which file.</summary>
internal static class ShardIndex
{
    private const string Extension = ".safetensors";

    /// <summary>File names by tensor; all are plain names of safetensors files, so none reaches outside the index's directory.</summary>
    /// <exception cref="InvalidDataException">It is not an index, or names something else.</exception>
    public static IReadOnlyDictionary<string, string> Read(string index)
    {
        try
        {
            using var json = BoundedFile.Json(index);
            var weights = JsonSettings.Root(json).Object("weight_map") ?? throw new FormatException("weight_map is missing.");
            var map = weights.Json.EnumerateObject()
                .ToDictionary(p => p.Name, p => JsonSettings.TextOf(p.Value) ?? throw weights.Wrong(p.Name, p.Value, "a file name"));
            if (map.Values.FirstOrDefault(file => !IsPlain(file)) is { } other)
                throw new InvalidDataException($"Expected shard names without folders that end with {Extension}, "
                    + $"got '{Excerpt.Of(other)}', in '{index}'.");
            return map;
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"Expected an object 'weight_map' from tensor names to file names in '{index}': {e.Message}", e);
        }
    }

    /// <summary>On every system, whatever this one takes for a separator: an index travels.</summary>
    private static bool IsPlain(string file)
        => file.EndsWith(Extension, StringComparison.Ordinal) && !file.AsSpan().ContainsAny("/\\:\0");
}
