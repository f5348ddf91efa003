using Microsoft.Win32.SafeHandles;
using TorchSharp;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.Weights;

/// <summary>
/// One safetensors file: an 8-byte header length, a JSON header, raw little-endian tensors. A tensor is read straight into the memory of
/// its destination; where dtype or device differ it passes through a buffer of 2 MiB. Several threads may read.
/// </summary>
/// <remarks>Format: huggingface/safetensors, README "Format". Every offset is checked before anything is read.</remarks>
public sealed class SafeTensorsReader : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly SafeTensorsHeader _header;

    private SafeTensorsReader(string path, SafeFileHandle file) => (Path, _file, _header) = (path, file, SafeTensorsHeader.Read(path, file));

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>All tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Entries => _header.Entries;

    /// <summary>The file's own notes: <c>format</c> and whatever its writer added.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="InvalidDataException">
    /// Not a safetensors file, or it is cut off; the message names file and tensor. Or no file: a folder, a pipe, a device.
    /// </exception>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    public static SafeTensorsReader Open(string path)
    {
        var file = File.OpenHandle(RegularFile.Ensure(Guard.NotBlank(path)));
        try
        {
            return new SafeTensorsReader(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads a tensor into existing memory, converting dtype and device when they differ from the file's.</summary>
    /// <param name="name">A name in <see cref="Entries"/>.</param>
    /// <param name="destination">Contiguous, of the entry's shape.</param>
    /// <exception cref="KeyNotFoundException">The file has no such tensor.</exception>
    /// <exception cref="ArgumentException">The shapes differ, or the destination is not contiguous.</exception>
    /// <exception cref="EndOfStreamException">The file has become shorter since it was opened.</exception>
    public void ReadInto(string name, Tensor destination)
    {
        using var buffers = new StagingBuffers();
        ReadInto(name, destination, buffers);
    }

    /// <summary>Reads a tensor into new CPU memory with the file's dtype; owned by the caller.</summary>
    public Tensor Read(string name)
    {
        var entry = Entry(name);
        var tensor = empty(entry.Shape.ToArray(), entry.Type, CPU);
        ReadInto(name, tensor);
        return tensor;
    }

    /// <summary>Reads a piece of a tensor, [count], into new CPU memory with the file's dtype; owned by the caller.</summary>
    internal Tensor Read(string name, long start, long count)
    {
        var entry = Entry(name);
        var piece = empty([count], entry.Type, CPU);
        Fill(piece.bytes, entry.Offset + start * (piece.bytes.Length / count));
        return piece;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    internal void ReadInto(string name, Tensor destination, StagingBuffers buffers)
    {
        ObjectDisposedException.ThrowIf(_file.IsClosed, this);
        var entry = Entry(name);
        TensorGuard.Shape(destination, null, entry.Shape.ToArray());
        if (!destination.is_contiguous()) throw new ArgumentException($"Expected contiguous memory for '{name}', got strides [{string.Join(", ", destination.stride())}].", nameof(destination));
        if (entry.Bytes == 0) return;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var flat = destination.detach().view(-1);
        var direct = destination.dtype == entry.Type && destination.device.type == DeviceType.CPU;
        var buffer = direct ? null : buffers.Rent(entry.Type);
        try
        {
            Copy(entry, flat, buffer);
        }
        finally
        {
            if (buffer is not null) buffers.Return(buffer);
        }
    }

    private void Copy(TensorEntry entry, Tensor flat, Tensor? buffer)
    {
        var size = entry.Bytes / flat.numel();
        for (long start = 0, count; start < flat.numel(); start += count)
        {
            count = Math.Min(flat.numel() - start, StagingBuffers.Bytes / size);
            using var part = flat.narrow(0, start, count);
            using var staged = buffer?.narrow(0, 0, count);
            Fill((staged ?? part).bytes, entry.Offset + start * size);
            if (staged is not null) part.copy_(staged);
        }
    }

    private TensorEntry Entry(string name)
        => Entries.TryGetValue(name, out var entry) ? entry : throw new KeyNotFoundException($"'{Path}' holds no tensor '{name}'.");

    private void Fill(Span<byte> bytes, long offset)
    {
        while (bytes.Length > 0)
        {
            var read = RandomAccess.Read(_file, bytes, offset);
            if (read == 0) throw new EndOfStreamException($"'{Path}' has become shorter since it was opened: nothing at byte {offset}.");
            bytes = bytes[read..];
            offset += read;
        }
    }
}
