using ViSurf.Core.Common;

namespace ViSurf.Core.Data;

/// <summary>An encoded picture (PNG, JPEG, WebP, …) as a path or as bytes; opened only when somebody reads it.</summary>
public sealed record ImageSource
{
    private readonly ReadOnlyMemory<byte>? _bytes;

    private ImageSource(string name, string? path, ReadOnlyMemory<byte>? bytes)
        => (Name, Path, _bytes) = (name, path, bytes);

    /// <summary>What error messages call this picture: its path, or the name given with the bytes.</summary>
    public string Name { get; }

    /// <summary>The file, or null when the picture is held in memory.</summary>
    public string? Path { get; }

    /// <summary>A picture in a file.</summary>
    /// <exception cref="ArgumentException"><paramref name="path"/> is blank.</exception>
    public static ImageSource FromFile(string path) => new(Guard.NotBlank(path), path, null);

    /// <summary>A picture in memory, encoded (not raw pixels).</summary>
    /// <exception cref="ArgumentException"><paramref name="name"/> is blank.</exception>
    public static ImageSource FromBytes(ReadOnlyMemory<byte> bytes, string name) => new(Guard.NotBlank(name), null, bytes);

    /// <summary>The encoded bytes.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read; the message names it.</exception>
    /// <exception cref="IOException">Reading it failed.</exception>
    /// <exception cref="InvalidDataException">No file is there but a pipe or a device, which might never end.</exception>
    public ReadOnlyMemory<byte> ReadAllBytes()
    {
        if (_bytes is { } bytes) return bytes;
        return File.Exists(Path)
            ? File.ReadAllBytes(RegularFile.Ensure(Path!))
            : throw new FileNotFoundException($"Expected a picture at '{Path}', found no such file. Check the path in the data row.", Path);
    }
}
