using System.Buffers.Binary;
using System.Text.Json;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>Writes safetensors files. A file appears under its name only when it is complete and on the disk.</summary>
public static class SafeTensorsWriter
{
    private static readonly (string, string)[] PyTorch = [("format", "pt")];

    /// <summary>Writes tensors, wider dtypes first, so that each lies at a multiple of its element's size.</summary>
    /// <param name="path">The file; an existing one is replaced at the end, atomically.</param>
    /// <param name="tensors">Names and tensors of any device; each is copied to the CPU in its turn, in pieces.</param>
    /// <exception cref="ArgumentException">Two tensors have the same name, or a dtype has no name in the format.</exception>
    public static void Write(string path, IReadOnlyList<(string Name, Tensor Value)> tensors) => Write(path, tensors, null, []);

    /// <summary>Bytes that a tensor takes in the file.</summary>
    public static long Bytes(Tensor tensor) => Bytes(tensor, null);

    /// <param name="path">As in the public method.</param>
    /// <param name="tensors">As in the public method.</param>
    /// <param name="type">What floating-point tensors are stored as; null for what they are.</param>
    /// <param name="notes">Entries of <c>__metadata__</c> beside <c>format</c>.</param>
    internal static void Write(string path, IReadOnlyList<(string Name, Tensor Value)> tensors, ScalarType? type, IEnumerable<(string Key, string Text)> notes)
    {
        Guard.NotBlank(path);
        if (Guard.NotNull(tensors).GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"Expected different names, got '{twice.Key}' twice.", nameof(tensors));
        var ordered = tensors.Select(t => (t.Name, t.Value, Type: Stored(t.Value, type))).OrderByDescending(t => SafeTensorsTypes.Size(t.Type)).ToArray();
        StagedFile.Write(path, stream =>
        {
            WriteHeader(stream, ordered, PyTorch.Concat(notes));
            foreach (var (_, value, stored) in ordered) WriteBody(stream, value, stored);
        });
    }

    internal static long Bytes(Tensor tensor, ScalarType? type) => Guard.NotNull(tensor).numel() * SafeTensorsTypes.Size(Stored(tensor, type));

    private static ScalarType Stored(Tensor tensor, ScalarType? type) => tensor.is_floating_point() ? type ?? tensor.dtype : tensor.dtype;

    private static void WriteHeader(FileStream stream, IReadOnlyList<(string Name, Tensor Value, ScalarType Type)> tensors, IEnumerable<(string Key, string Text)> notes)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (key, text) in notes) json.WriteString(key, text);
            json.WriteEndObject();
            var offset = 0L;
            foreach (var (name, value, type) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", SafeTensorsTypes.Name(type));
                json.WriteStartArray("shape");
                foreach (var n in value.shape) json.WriteNumberValue(n);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += Bytes(value, type));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Padded with blanks so that the tensors start at a multiple of 8, as the reference writer does.
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, buffer.Length);
        stream.Write(prefix);
        buffer.WriteTo(stream);
    }

    private static void WriteBody(FileStream stream, Tensor value, ScalarType type)
    {
        if (value.numel() == 0) return;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var flat = value.detach().reshape(-1);
        // In pieces, so that a model on a GPU or in another dtype is never copied as a whole.
        var step = StagingBuffers.Bytes / SafeTensorsTypes.Size(type);
        for (var start = 0L; start < flat.shape[0]; start += step)
        {
            using var part = flat.narrow(0, start, Math.Min(step, flat.shape[0] - start));
            using var stored = part.to(type, CPU).contiguous();
            stream.Write(stored.bytes);
        }
    }
}
