using System.Text.Json;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>The weights of a checkpoint directory: <c>model.safetensors</c>, or <c>model.safetensors.index.json</c> with its shards.</summary>
public sealed class CheckpointReader : IDisposable
{
    private readonly Dictionary<string, (SafeTensorsReader File, TensorEntry Entry)> _tensors = [];
    private readonly List<SafeTensorsReader> _files = [];

    private CheckpointReader(string directory) => Directory = directory;

    /// <summary>The directory.</summary>
    public string Directory { get; }

    /// <summary>Names of all tensors, as the files spell them.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>Opens all weight files of a directory.</summary>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="FileNotFoundException">No weights, or a shard that the index names is missing.</exception>
    /// <exception cref="InvalidDataException">A file is broken, or the shards do not hold what the index says.</exception>
    public static CheckpointReader Open(string directory)
    {
        if (!System.IO.Directory.Exists(Guard.NotBlank(directory)))
            throw new DirectoryNotFoundException($"Expected a checkpoint directory at '{directory}', found none.");
        var reader = new CheckpointReader(directory);
        try
        {
            reader.OpenFiles();
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Shape and dtype of a tensor.</summary>
    public TensorEntry Entry(string name) => Find(name).Entry;

    /// <summary>See <see cref="SafeTensorsReader.ReadInto"/>.</summary>
    public void ReadInto(string name, Tensor destination) => Find(name).File.ReadInto(name, destination);

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(f => f.Dispose());

    private (SafeTensorsReader File, TensorEntry Entry) Find(string name)
        => _tensors.TryGetValue(name, out var found) ? found : throw new KeyNotFoundException($"'{Directory}' holds no tensor '{name}'.");

    private void OpenFiles()
    {
        var single = Path.Combine(Directory, "model.safetensors");
        var index = Path.Combine(Directory, "model.safetensors.index.json");
        if (File.Exists(single)) Add(single);
        else if (File.Exists(index)) AddShards(index);
        else
            throw new FileNotFoundException(
                $"Expected model.safetensors or model.safetensors.index.json in '{Directory}', found neither. "
                + "Weights in .bin form must be converted to safetensors first.", single);
    }

    private void AddShards(string index)
    {
        Dictionary<string, string> map;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(index));
            map = json.RootElement.GetProperty("weight_map").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString() ?? "");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException($"Expected an object 'weight_map' from tensor names to file names in '{index}': {e.Message}", e);
        }
        foreach (var shard in map.Values.Distinct().Order(StringComparer.Ordinal))
        {
            // Only plain names: an index must not reach outside its directory.
            if (shard.Length == 0 || Path.GetFileName(shard) != shard)
                throw new InvalidDataException($"Expected shard names without folders, got '{shard}', in '{index}'.");
            Add(Path.Combine(Directory, shard));
        }
        var absent = map.Keys.Where(name => !_tensors.ContainsKey(name)).Order(StringComparer.Ordinal).ToArray();
        if (absent.Length > 0)
            throw new InvalidDataException($"The shards lack {absent.Length} tensors that '{index}' lists: {string.Join(", ", absent.Take(20))}. Fetch the shards again.");
    }

    private void Add(string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"Expected the weight file '{path}', found none. Fetch the missing shard.", path);
        var file = SafeTensorsReader.Open(path);
        _files.Add(file);
        foreach (var (name, entry) in file.Entries)
            if (!_tensors.TryAdd(name, (file, entry)))
                throw new InvalidDataException($"Tensor '{name}' is in '{_tensors[name].File.Path}' and in '{path}'. Keep one of them.");
    }
}
