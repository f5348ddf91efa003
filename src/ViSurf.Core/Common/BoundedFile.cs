using System.Text.Json;
using System.Text.Unicode;

namespace ViSurf.Core.Common;

/// <summary>
/// The one way to read a small file that may come from anywhere: never more than a limit, whatever the file system says about its size,
/// and only from a <see cref="RegularFile"/>. Files of a checkpoint directory are found by <see cref="LinkRule.Find"/>.
/// </summary>
internal static class BoundedFile
{
    /// <summary>No file beside the weights of a published checkpoint reaches a quarter of this (tokenizer.json: 11 MB).</summary>
    public const int SideFileLimit = 64 << 20;

    /// <exception cref="InvalidDataException">
    /// It holds more than <paramref name="limit"/> bytes, or is a folder, a pipe or a device.
    /// </exception>
    public static byte[] Read(string path, int limit = SideFileLimit)
    {
        using var file = File.OpenRead(RegularFile.Ensure(path));
        if (file.Length > limit) throw TooLong(path, limit);
        // Not the length it claims: a growing file has more.
        using var bytes = new MemoryStream((int)file.Length);
        var buffer = new byte[1 << 16];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            if (bytes.Length + read > limit) throw TooLong(path, limit);
            bytes.Write(buffer, 0, read);
        }
        return bytes.Length == bytes.Capacity ? bytes.GetBuffer() : bytes.ToArray();
    }

    /// <summary>A text in UTF-8, without the byte order mark that some editors write.</summary>
    /// <exception cref="InvalidDataException">It is too long, no file, or not UTF-8.</exception>
    public static string Text(string path, int limit = SideFileLimit) => System.Text.Encoding.UTF8.GetString(Utf8Bytes(path, limit).Span);

    /// <summary>A text's bytes without the byte order mark that some editors write, of which JSON's readers know nothing.</summary>
    public static ReadOnlyMemory<byte> WithoutMark(byte[] bytes) => bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;

    /// <summary>A JSON file. A key given twice is refused: whichever of the two we took, another reader would take the other.</summary>
    /// <exception cref="InvalidDataException">It is too long, no file, not UTF-8, not JSON, or nests deeper than 64.</exception>
    public static JsonDocument Json(string path, int limit = SideFileLimit)
    {
        try
        {
            var bytes = Utf8Bytes(path, limit);
            var json = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            Unescape(bytes.Span);
            return json;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"Expected JSON in '{path}', got {JsonFault.Say(e)}. Fetch the file again, or mend it.", e);
        }
    }

    /// <summary>Half of a surrogate pair in an escape is no text: found here, so that no reader fails at it later.</summary>
    private static void Unescape(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\\ud"u8) < 0 && json.IndexOf("\\uD"u8) < 0) return;
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped) _ = reader.GetString();
    }

    private static ReadOnlyMemory<byte> Utf8Bytes(string path, int limit)
    {
        var bytes = Read(path, limit);
        if (!Utf8.IsValid(bytes))
            throw new InvalidDataException($"Expected text in UTF-8 in '{path}', got bytes that are not. Save it as UTF-8.");
        return WithoutMark(bytes);
    }

    private static InvalidDataException TooLong(string path, int limit)
        => new($"Expected at most {limit >> 20} MiB in '{path}', got more. Is it the file its name says?");
}
