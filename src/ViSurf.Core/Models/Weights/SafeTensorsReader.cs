using System.Buffers.Binary;
using System.Text.Json;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>
/// One safetensors file: an 8-byte header length, a JSON header, raw little-endian tensors. Tensors are read straight into the
/// memory of their destination, without a second copy. Not thread-safe (one file position).
/// </summary>
/// <remarks>Format: huggingface/safetensors, README "Format". Every offset is checked before anything is read.</remarks>
public sealed class SafeTensorsReader : IDisposable
{
    private const long LongestHeader = 100_000_000;
    private readonly FileStream _stream;

    private SafeTensorsReader(string path, FileStream stream, IReadOnlyDictionary<string, TensorEntry> entries)
        => (Path, _stream, Entries) = (path, stream, entries);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>All tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="InvalidDataException">Not a safetensors file, or it is cut off; the message names file and tensor.</exception>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    public static SafeTensorsReader Open(string path)
    {
        var stream = File.OpenRead(Guard.NotBlank(path));
        try
        {
            return new SafeTensorsReader(path, stream, ReadHeader(path, stream));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Reads a tensor into existing memory, converting dtype and device when they differ from the file's.</summary>
    /// <param name="name">A name in <see cref="Entries"/>.</param>
    /// <param name="destination">Contiguous, of the entry's shape.</param>
    /// <exception cref="KeyNotFoundException">The file has no such tensor.</exception>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public void ReadInto(string name, Tensor destination)
    {
        var entry = Entry(name);
        TensorGuard.Shape(destination, null, entry.Shape.ToArray());
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        if (destination.dtype == entry.Type && destination.device.type == TorchSharp.DeviceType.CPU && destination.is_contiguous())
        {
            Fill(entry, destination.detach());
            return;
        }
        var staged = empty(entry.Shape.ToArray(), entry.Type);
        Fill(entry, staged);
        destination.detach().copy_(staged);
    }

    /// <summary>Reads a tensor into new CPU memory with the file's dtype; owned by the caller.</summary>
    public Tensor Read(string name)
    {
        var entry = Entry(name);
        var tensor = empty(entry.Shape.ToArray(), entry.Type);
        Fill(entry, tensor);
        return tensor;
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private TensorEntry Entry(string name)
        => Entries.TryGetValue(name, out var entry) ? entry : throw new KeyNotFoundException($"'{Path}' holds no tensor '{name}'.");

    private void Fill(TensorEntry entry, Tensor tensor)
    {
        if (entry.Bytes == 0) return;
        _stream.Position = entry.Offset;
        if (entry.Bytes <= int.MaxValue)
        {
            _stream.ReadExactly(tensor.bytes);
            return;
        }
        // A span cannot cover 2 GiB: go row by row (the first dimension of a contiguous tensor).
        for (var row = 0L; row < entry.Shape[0]; row++)
        {
            using var part = tensor[row];
            _stream.ReadExactly(part.bytes);
        }
    }

    private static Dictionary<string, TensorEntry> ReadHeader(string path, FileStream stream)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (stream.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8) throw Broken(path, $"only {stream.Length} bytes long");
        var length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        if (length is < 2 or > LongestHeader || length > stream.Length - 8)
            throw Broken(path, $"a header of {length} bytes in a file of {stream.Length}");
        var json = new byte[length];
        stream.ReadExactly(json);
        try
        {
            using var document = JsonDocument.Parse(json);
            var entries = new Dictionary<string, TensorEntry>();
            foreach (var item in document.RootElement.EnumerateObject().Where(p => p.Name != "__metadata__"))
                entries.Add(item.Name, ReadEntry(path, item, 8 + length, stream.Length));
            return entries;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw Broken(path, $"a header that cannot be read: {e.Message}", e);
        }
    }

    private static TensorEntry ReadEntry(string path, JsonProperty item, long start, long fileLength)
    {
        var type = SafeTensorsTypes.Parse(item.Value.GetProperty("dtype").GetString(), path, item.Name);
        var shape = item.Value.GetProperty("shape").EnumerateArray().Select(n => n.GetInt64()).ToArray();
        var offsets = item.Value.GetProperty("data_offsets").EnumerateArray().Select(n => n.GetInt64()).ToArray();
        if (offsets.Length != 2) throw Broken(path, $"tensor '{item.Name}' with {offsets.Length} offsets instead of 2");
        var bytes = shape.Aggregate((Int128)SafeTensorsTypes.Size(type), (product, n) => product * Math.Max(n, -1));
        if (shape.Any(n => n < 0) || offsets[0] < 0 || offsets[1] - offsets[0] != bytes || start + offsets[1] > fileLength)
            throw Broken(path, $"tensor '{item.Name}' of {type} [{string.Join(", ", shape)}] at bytes {offsets[0]}..{offsets[1]}, "
                + $"which needs {bytes} bytes and ends at {start + offsets[1]} of {fileLength}");
        return new TensorEntry(item.Name, type, shape, start + offsets[0], offsets[1] - offsets[0]);
    }

    private static InvalidDataException Broken(string path, string found, Exception? inner = null)
        => new($"Expected a complete safetensors file, got {found}, in '{path}'. Fetch the file again.", inner);
}
