using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ViSurf.Core.Data.Pictures;

/// <summary>
/// An encoded picture of which any part can be read, without reading all of it. Headers are read through this and not by a decoder:
/// nothing here multiplies or allocates what a file claims, and an I/O error is an exception that can be caught.
/// </summary>
internal sealed class PictureBytes : IDisposable
{
    private const int Window = 4096;
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly SafeFileHandle? _file;
    private byte[] _window = [];
    private long _start;
    private int _filled;

    /// <param name="memory">All of it.</param>
    public PictureBytes(ReadOnlyMemory<byte> memory) => (_memory, Length) = (memory, memory.Length);

    private PictureBytes(SafeFileHandle file) => (_file, Length) = (file, RandomAccess.GetLength(file));

    /// <summary>Bytes of the picture.</summary>
    public long Length { get; }

    /// <summary>Opens a picture of at most so many bytes.</summary>
    /// <exception cref="InvalidDataException">Not a file, or one that is too long.</exception>
    /// <exception cref="IOException">It is not there, or cannot be opened.</exception>
    public static PictureBytes Open(ImageSource source, long most)
    {
        var bytes = source.Memory is { } memory ? new PictureBytes(memory) : new PictureBytes(File.OpenHandle(source.ExistingFile()));
        if (bytes.Length <= most) return bytes;
        bytes.Dispose();
        throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
            $"Expected a picture of at most {most:#,0} bytes, got {bytes.Length:#,0}: '{source.Name}'. Compress it, "
                + $"or raise PictureOptions.MaxBytes."));
    }

    /// <summary>Bytes from a place on; valid until the next call.</summary>
    /// <exception cref="FormatException">The picture ends before them.</exception>
    public ReadOnlySpan<byte> Slice(long offset, int count)
    {
        if (offset < 0 || offset > Length - count) throw Cut();
        if (_file is null) return _memory.Span.Slice((int)offset, count);
        if (offset < _start || offset + count > _start + _filled) Fill(offset, count);
        return _window.AsSpan((int)(offset - _start), count);
    }

    /// <summary>All of it.</summary>
    public ReadOnlyMemory<byte> All()
    {
        if (_file is null) return _memory;
        Fill(0, (int)Length);
        return _window.AsMemory(0, (int)Length);
    }

    /// <summary>One byte.</summary>
    public byte this[long offset] => Slice(offset, 1)[0];

    /// <summary>An unsigned number of two bytes.</summary>
    public int Two(long offset, bool bigEndian)
        => bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(Slice(offset, 2)) : BinaryPrimitives.ReadUInt16LittleEndian(Slice(offset, 2));

    /// <summary>An unsigned number of four bytes.</summary>
    public long Four(long offset, bool bigEndian)
        => bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(Slice(offset, 4)) : BinaryPrimitives.ReadUInt32LittleEndian(Slice(offset, 4));

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    /// <summary>What is said of a picture that is not all there.</summary>
    public static FormatException Cut() => new("one that ends in the middle");

    private void Fill(long offset, int count)
    {
        var wanted = (int)Math.Min(Math.Max(count, Window), Length - offset);
        if (_window.Length < wanted) _window = new byte[wanted];
        (_start, _filled) = (offset, 0);
        while (_filled < wanted)
        {
            var read = RandomAccess.Read(_file!, _window.AsSpan(_filled, wanted - _filled), offset + _filled);
            if (read == 0) throw Cut();
            _filled += read;
        }
    }
}
