using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>
/// The weights of a checkpoint directory: <c>model.safetensors</c>, or <c>model.safetensors.index.json</c> with its shards. Several
/// threads may read.
/// </summary>
public sealed class CheckpointReader : IDisposable
{
    internal const string Single = "model.safetensors", Index = "model.safetensors.index.json";

    private readonly Dictionary<string, (SafeTensorsReader File, TensorEntry Entry)> _tensors = [];
    private readonly List<SafeTensorsReader> _files = [];
    private readonly string _real;

    private CheckpointReader(string directory) => (Directory, _real) = (directory, LinkRule.RealDirectory(directory));

    /// <summary>The directory.</summary>
    public string Directory { get; }

    /// <summary>Names of all tensors, as the files spell them.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>Opens all weight files of a directory.</summary>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="FileNotFoundException">No weights, or a shard that the index names is missing.</exception>
    /// <exception cref="InvalidDataException">A file is broken or a link out of the directory, or the shards do not hold what the index says.</exception>
    public static CheckpointReader Open(string directory)
    {
        if (!System.IO.Directory.Exists(Guard.NotBlank(directory))) throw StagedDirectory.Missing(directory, "a checkpoint directory");
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

    /// <summary>See <see cref="SafeTensorsReader.ReadInto(string, Tensor)"/>.</summary>
    public void ReadInto(string name, Tensor destination) => Find(name).File.ReadInto(name, destination);

    internal void ReadInto(string name, Tensor destination, StagingBuffers buffers) => Find(name).File.ReadInto(name, destination, buffers);

    internal Tensor Read(string name) => Find(name).File.Read(name);

    internal Tensor Read(string name, long start, long count) => Find(name).File.Read(name, start, count);

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(f => f.Dispose());

    private (SafeTensorsReader File, TensorEntry Entry) Find(string name)
        => _tensors.TryGetValue(name, out var found) ? found : throw new KeyNotFoundException($"'{Directory}' holds no tensor '{name}'.");

    private void OpenFiles()
    {
        if (LinkRule.Find(_real, Single) is not null) Add(Single);
        else if (LinkRule.Find(_real, Index) is { } index) AddShards(index);
        else
            throw new FileNotFoundException(
                $"Expected {Single} or {Index} in '{Directory}', found neither. Weights in .bin form must be converted to safetensors first.",
                Path.Combine(Directory, Single));
    }

    private void AddShards(string index)
    {
        var map = ShardIndex.Read(index);
        foreach (var shard in map.Values.Distinct().Order(StringComparer.Ordinal)) Add(shard);
        var absent = map.Keys.Where(name => !_tensors.ContainsKey(name)).Order(StringComparer.Ordinal).ToArray();
        if (absent.Length > 0)
            throw new InvalidDataException($"The shards lack {absent.Length} tensors that '{index}' lists: {string.Join(", ", absent.Take(20))}. Fetch the shards again.");
    }

    private void Add(string name)
    {
        var path = LinkRule.Find(_real, name)
            ?? throw new FileNotFoundException($"Expected the weight file '{Path.Combine(_real, name)}', found none. "
                + $"Fetch the missing shard.", Path.Combine(_real, name));
        var file = SafeTensorsReader.Open(path);
        _files.Add(file);
        foreach (var (tensor, entry) in file.Entries)
            if (!_tensors.TryAdd(tensor, (file, entry)))
                throw new InvalidDataException($"Tensor '{tensor}' is in '{_tensors[tensor].File.Path}' and in '{path}'. Keep one of them.");
    }
}
