using System.Buffers.Binary;
using System.Text.Json;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>Writes safetensors files. A file appears under its name only when it is complete.</summary>
public static class SafeTensorsWriter
{
    /// <summary>Writes tensors in the given order.</summary>
    /// <param name="path">The file; an existing one is replaced at the end, atomically.</param>
    /// <param name="tensors">Names and tensors of any device; each is copied to the CPU in its turn.</param>
    /// <exception cref="ArgumentException">Two tensors have the same name.</exception>
    public static void Write(string path, IReadOnlyList<(string Name, Tensor Value)> tensors)
    {
        Guard.NotBlank(path);
        if (Guard.NotNull(tensors).GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"Expected different names, got '{twice.Key}' twice.", nameof(tensors));
        var partial = path + ".partial";
        try
        {
            using (var stream = File.Create(partial))
            {
                WriteHeader(stream, tensors);
                foreach (var (_, value) in tensors) WriteBody(stream, value);
            }
            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    /// <summary>Bytes that a tensor takes in the file.</summary>
    public static long Bytes(Tensor tensor) => Guard.NotNull(tensor).numel() * SafeTensorsTypes.Size(tensor.dtype);

    private static void WriteHeader(FileStream stream, IReadOnlyList<(string Name, Tensor Value)> tensors)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            var offset = 0L;
            foreach (var (name, value) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", SafeTensorsTypes.Name(value.dtype));
                json.WriteStartArray("shape");
                foreach (var n in value.shape) json.WriteNumberValue(n);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += Bytes(value));
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

    private static void WriteBody(FileStream stream, Tensor value)
    {
        if (value.numel() == 0) return;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var flat = value.detach().cpu().contiguous().reshape(-1);
        const long chunk = 1 << 26;
        for (var start = 0L; start < flat.shape[0]; start += chunk)
        {
            using var part = flat.narrow(0, start, Math.Min(chunk, flat.shape[0] - start));
            stream.Write(part.bytes);
        }
    }
}
