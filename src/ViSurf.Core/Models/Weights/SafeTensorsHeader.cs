using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Weights;

/// <summary>The header of a safetensors file. What it claims is checked against the file before anything of that size is allocated.</summary>
/// <param name="Entries">Tensors by name.</param>
/// <param name="Metadata">The texts under <c>__metadata__</c>.</param>
/// <remarks>
/// Rules of huggingface/safetensors, README "Format": tensors fill the data part without holes and without sharing bytes, no key is
/// given twice, the header is at most 100 MB.
/// </remarks>
internal sealed record SafeTensorsHeader(IReadOnlyDictionary<string, TensorEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    private const long Longest = 100_000_000;
    private const string MetadataKey = "__metadata__";

    // libtorch's own limit is 64.
    private const int MostDimensions = 64;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static SafeTensorsHeader Read(string path, SafeFileHandle file)
    {
        var fileLength = RandomAccess.GetLength(file);
        Span<byte> prefix = stackalloc byte[8];
        if (fileLength < 8 || !TryFill(file, prefix, 0)) throw Broken(path, $"only {fileLength} bytes");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length is < 2 or > Longest || length > (ulong)fileLength - 8) throw Broken(path, $"a header of {length} bytes in a file of {fileLength}");
        var json = new byte[length];
        if (!TryFill(file, json, 8)) throw Broken(path, $"a header of {length} bytes that ends early");
        return Parse(path, json, 8 + (long)length, fileLength);
    }

    private static SafeTensorsHeader Parse(string path, byte[] json, long start, long fileLength)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Broken(path, "a header that is no JSON object");
            var (entries, metadata) = (new Dictionary<string, TensorEntry>(), new Dictionary<string, string>());
            foreach (var item in document.RootElement.EnumerateObject())
                if (item.Name == MetadataKey) metadata = Texts(path, item.Value);
                else entries.Add(item.Name, Entry(path, item, start, fileLength));
            CheckLayout(path, entries.Values, start, fileLength);
            return new SafeTensorsHeader(entries, metadata);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: the reader's word for a text with half a surrogate pair, or that is not UTF-8.
            throw Broken(path, $"a header that is not JSON ({JsonFault.Say(e)})", e);
        }
    }

    private static Dictionary<string, string> Texts(string path, JsonElement metadata)
        => metadata.ValueKind == JsonValueKind.Object
            && metadata.EnumerateObject().All(text => text.Value.ValueKind == JsonValueKind.String)
            ? metadata.EnumerateObject().ToDictionary(text => text.Name, text => text.Value.GetString()!)
            : throw Broken(path, $"a header whose {MetadataKey} is no object of texts");

    private static TensorEntry Entry(string path, JsonProperty item, long start, long fileLength)
    {
        if (item.Value.ValueKind != JsonValueKind.Object)
            throw Broken(path, $"a header whose tensor '{Excerpt.Of(item.Name)}' is no object");
        var (type, size) = SafeTensorsTypes.Parse(item.Value.TryGetProperty("dtype",
            out var dtype) && dtype.ValueKind == JsonValueKind.String ? dtype.GetString() : null, path, item.Name);
        var shape = Numbers(path, item, "shape", MostDimensions);
        var offsets = Numbers(path, item, "data_offsets", 2);
        if (offsets.Length != 2) throw Broken(path, $"tensor '{Excerpt.Of(item.Name)}' with {offsets.Length} offsets instead of 2");
        var (from, to) = (offsets[0], offsets[1]);
        if (from < 0 || to < from || to > fileLength - start || Bytes(shape, size) is not { } bytes || bytes != to - from)
            throw Broken(path, $"tensor '{Excerpt.Of(item.Name)}' of {type} [{string.Join(", ", shape)}] at bytes {from}..{to} of "
                + $"{fileLength - start}, which do not agree");
        return new TensorEntry(item.Name, type, shape, start + from, bytes);
    }

    /// <summary>Null where a size is negative or the product does not fit a number of bytes, whatever zeros it also has.</summary>
    private static long? Bytes(long[] shape, int size)
    {
        if (shape.Any(n => n < 0)) return null;
        var bytes = (Int128)size;
        foreach (var n in shape)
            if ((bytes *= Math.Max(n, 1)) > long.MaxValue) return null;
        return shape.Contains(0) ? 0 : (long)bytes;
    }

    private static void CheckLayout(string path, IEnumerable<TensorEntry> entries, long start, long fileLength)
    {
        var end = start;
        foreach (var entry in entries.OrderBy(e => e.Offset).ThenBy(e => e.Bytes))
        {
            if (entry.Offset != end)
                throw Broken(path, $"tensor '{Excerpt.Of(entry.Name)}' at byte {entry.Offset - start} where {end - start} was expected: "
                    + $"tensors that {(entry.Offset < end ? "overlap" : "leave a hole")}");
            end += entry.Bytes;
        }
        if (end != fileLength) throw Broken(path, $"{fileLength - end} bytes after the last tensor");
    }

    private static long[] Numbers(string path, JsonProperty item, string key, int most)
    {
        if (!item.Value.TryGetProperty(key, out var list) || list.ValueKind != JsonValueKind.Array)
            throw Broken(path, $"a header whose tensor '{Excerpt.Of(item.Name)}' has no list as {key}");
        if (list.GetArrayLength() > most)
            throw Broken(path, $"tensor '{Excerpt.Of(item.Name)}' with {list.GetArrayLength()} numbers as {key}, more than {most}");
        return [.. list.EnumerateArray().Select(n => n.ValueKind == JsonValueKind.Number && n.TryGetInt64(out var number) ? number
            : throw Broken(path, $"a header whose tensor '{Excerpt.Of(item.Name)}' has {Excerpt.Of(n.GetRawText())} in its {key} instead "
                + $"of a whole number"))];
    }

    private static bool TryFill(SafeFileHandle file, Span<byte> bytes, long offset)
    {
        while (bytes.Length > 0)
        {
            var read = RandomAccess.Read(file, bytes, offset);
            if (read == 0) return false;
            bytes = bytes[read..];
            offset += read;
        }
        return true;
    }

    private static InvalidDataException Broken(string path, string found, Exception? inner = null)
        => new($"Expected a complete safetensors file, got {found}, in '{path}'. Fetch the file again or, where it was written here, take another checkpoint.", inner);
}
