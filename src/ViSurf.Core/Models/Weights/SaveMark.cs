using System.Text.Json;

namespace ViSurf.Core.Models.Weights;

/// <summary>
/// What proves that a directory is ours to replace: each weight file we write lists, in its own header, the names of all files of its
/// save, and the directory holds nothing else. A file added since makes it the user's directory again.
/// </summary>
internal static class SaveMark
{
    private const string Key = "visurf_files";
    private const int Listed = 5;

    /// <summary>The entry for the header of every weight file.</summary>
    public static IReadOnlyList<(string Key, string Text)> Of(IEnumerable<string> files)
        => [(Key, JsonSerializer.Serialize(files.Order(StringComparer.Ordinal)))];

    /// <summary>Passes where there is no directory, an empty one, one of ours, or (told to overwrite) a checkpoint of somebody else.</summary>
    /// <param name="directory">Full path.</param>
    /// <param name="overwrite">See <see cref="SaveOptions.Overwrite"/>.</param>
    /// <param name="configuration">The file without which a directory is no checkpoint.</param>
    /// <exception cref="IOException">It must not be replaced; the message names what is in it.</exception>
    public static void Ensure(string directory, bool overwrite, string configuration)
    {
        if (!Directory.Exists(directory)) return;
        var found = Directory.EnumerateFileSystemEntries(directory).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal).ToArray();
        var foreign = found.Except(WrittenHere(directory)).ToArray();
        if (foreign.Length == 0) return;
        var names = string.Join(", ", foreign.Take(Listed)) + (foreign.Length > Listed ? ", …" : "");
        if (!overwrite)
            throw new IOException($"Expected a new or empty directory, or one as this library wrote it, got '{directory}' with {foreign.Length} other files ({names}). "
                + "Name another directory, or ask to overwrite it, which removes them.");
        if (Directory.EnumerateDirectories(directory).FirstOrDefault() is { } folder || !found.Contains(configuration))
            throw new IOException($"Expected a checkpoint to overwrite, with {configuration} and without folders, got '{directory}' with {names}. Name another directory.");
    }

    private static string[] WrittenHere(string directory)
    {
        try
        {
            if (Directory.EnumerateFiles(directory, "*.safetensors").Order(StringComparer.Ordinal).FirstOrDefault() is not { } weights) return [];
            using var file = SafeTensorsReader.Open(weights);
            return file.Metadata.TryGetValue(Key, out var names) ? JsonSerializer.Deserialize<string[]>(names) ?? [] : [];
        }
        catch (Exception e) when (e is InvalidDataException or JsonException)
        {
            // Broken weights are nobody's proof.
            return [];
        }
    }
}
