using System.Text.Json;

namespace ViSurf.Core.Common;

/// <summary>Reads small files that may come from anywhere: never more than a limit, whatever the file system says about their size.</summary>
internal static class BoundedFile
{
    /// <summary>No file beside the weights of a published checkpoint reaches a quarter of this (tokenizer.json: 11 MB).</summary>
    public const int SideFileLimit = 64 << 20;

    /// <exception cref="InvalidDataException">The file holds more than <paramref name="limit"/> bytes.</exception>
    public static byte[] Read(string path, int limit = SideFileLimit)
    {
        using var file = File.OpenRead(path);
        if (file.Length > limit) throw TooLong(path, limit);
        // Not the length it claims: a device or a growing file has more.
        using var bytes = new MemoryStream((int)file.Length);
        var buffer = new byte[1 << 16];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            if (bytes.Length + read > limit) throw TooLong(path, limit);
            bytes.Write(buffer, 0, read);
        }
        return bytes.Length == bytes.Capacity ? bytes.GetBuffer() : bytes.ToArray();
    }

    /// <summary>A JSON file. A key given twice is refused: whichever of the two we took, another reader would take the other.</summary>
    /// <exception cref="InvalidDataException">The file is too long.</exception>
    /// <exception cref="JsonException">It is not JSON, or nests deeper than 64.</exception>
    public static JsonDocument Json(string path, int limit = SideFileLimit)
        => JsonDocument.Parse(Bytes(path, limit), new JsonDocumentOptions { AllowDuplicateProperties = false });

    /// <summary>Without the byte order mark that some editors write.</summary>
    private static ReadOnlyMemory<byte> Bytes(string path, int limit)
    {
        var bytes = Read(path, limit);
        return bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;
    }

    private static InvalidDataException TooLong(string path, int limit)
        => new($"Expected at most {limit >> 20} MiB in '{path}', got more. Is it the file its name says?");
}
