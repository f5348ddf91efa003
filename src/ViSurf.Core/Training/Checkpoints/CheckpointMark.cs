using System.Text.Json;
using System.Text.Json.Serialization;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>A file of a checkpoint.</summary>
/// <param name="Path">Relative to the checkpoint, with '/'.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Of its contents, in hexadecimal.</param>
public sealed record CheckpointFile(string Path, long Bytes, string Sha256);

/// <summary>
/// The file that makes a directory a checkpoint: written last, when everything it lists is on the disk. A directory without it is a save that was
/// interrupted, whatever else it holds.
/// </summary>
internal sealed record CheckpointMark(
    string Format, long Step, long Order, DateTimeOffset Written, IReadOnlyDictionary<string, double> Metrics, IReadOnlyDictionary<string, string> Settings,
    IReadOnlyDictionary<string, string> Versions, ModelShape Model, IReadOnlyList<CheckpointFile> Files)
{
    public const string FileName = "checkpoint.json", CurrentFormat = "ViSurf.Core checkpoint 1";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        // A metric may be infinite.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public void Write(string directory)
    {
        using var file = File.Create(Path.Combine(directory, FileName));
        JsonSerializer.Serialize(file, this, Json);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Reads a mark, or says in words that follow the checkpoint's name why there is none to read.</summary>
    /// <exception cref="InvalidDataException">It is whole, and of another format.</exception>
    public static (CheckpointMark? Mark, string? Problem) Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path)) return (null, $"'{FileName}' is missing");
        byte[] text;
        try
        {
            text = Common.BoundedFile.Read(path);
        }
        catch (InvalidDataException e)
        {
            return (null, $"'{FileName}' cannot be its mark: {e.Message.TrimEnd('.')}");
        }
        if (text.Length == 0) return (null, $"'{FileName}' is empty");
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("format", out var format)
                || format.ValueKind != JsonValueKind.String)
                return (null, $"'{FileName}' holds no mark");
            if (format.GetString() != CurrentFormat)
                throw new InvalidDataException($"Expected a checkpoint of the format '{CurrentFormat}', got '{format}', in '{path}'. Read it with the version of the library that wrote it.");
            return JsonSerializer.Deserialize<CheckpointMark>(text, Json) is { } mark ? (mark, null)
                : (null, $"'{FileName}' holds no mark");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The disk kept half of it. The rename comes after it was flushed, so this takes a broken disk or somebody's editor.
            return (null, $"'{FileName}' is cut off or changed");
        }
    }
}
