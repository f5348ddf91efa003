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
    /// <exception cref="ArgumentException"><paramref name="path"/> is blank, or a data: URI.</exception>
    public static ImageSource FromFile(string path)
        => DataUri.Is(Guard.NotBlank(path))
            ? throw new ArgumentException($"Expected the path of a picture, got a data: URI. "
                + $"Use {nameof(ImageSource)}.{nameof(FromDataUri)}.", nameof(path))
            : new ImageSource(path, path, null);

    /// <summary>A picture in memory, encoded (not raw pixels).</summary>
    /// <exception cref="ArgumentException"><paramref name="name"/> is blank.</exception>
    public static ImageSource FromBytes(ReadOnlyMemory<byte> bytes, string name) => new(DataUri.Short(Guard.NotBlank(name)), null, bytes);

    /// <summary>A picture written out in a row: <c>data:image/png;base64,…</c>, or percent-encoded (RFC 2397).</summary>
    /// <param name="uri">The URI; no message and no <see cref="Name"/> ever holds its content.</param>
    /// <param name="name">What messages call the picture, "picture 0 of line 7" for instance.</param>
    /// <returns>A picture in memory.</returns>
    /// <exception cref="InvalidDataException">
    /// Not a data: URI of an image/… type, damaged, empty, or of more than 64 MiB; names the picture.
    /// </exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is blank.</exception>
    public static ImageSource FromDataUri(string uri, string name)
    {
        var called = DataUri.Short(Guard.NotBlank(name));
        return new ImageSource(called, null, DataUri.Decode(Guard.NotNull(uri), called));
    }

    /// <summary>What is held in memory; null for a file.</summary>
    internal ReadOnlyMemory<byte>? Memory => _bytes;

    /// <summary>The encoded bytes.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read; the message names it.</exception>
    /// <exception cref="IOException">Reading it failed.</exception>
    /// <exception cref="InvalidDataException">A folder, a pipe or a device is there.</exception>
    public ReadOnlyMemory<byte> ReadAllBytes() => _bytes ?? File.ReadAllBytes(ExistingFile());

    /// <summary>The path, once it is known that a file is there and nothing that could be waited for.</summary>
    internal string ExistingFile()
        => File.Exists(RegularFile.Ensure(Path!)) ? Path!
            : throw new FileNotFoundException($"Expected a picture at '{Path}', found no such file. Check the path in the data row.", Path);
}
