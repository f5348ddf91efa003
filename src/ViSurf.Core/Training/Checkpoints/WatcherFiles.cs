using System.Text.Json;
using System.Text.Json.Nodes;
using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>
/// What remembers the run, a file <c>watchers/KEY.json</c> for each. Apart from the state of the run, because a checkpoint may be without: one that was
/// written before there was a report, or before the library kept it.
/// </summary>
internal static class WatcherFiles
{
    private const string Folder = "watchers";

    /// <exception cref="ArgumentException">Two have the same key, or one has tensors.</exception>
    public static void Write(string directory, IReadOnlyList<CheckpointPart> watchers)
    {
        if (watchers.Count == 0) return;
        if (watchers.GroupBy(part => part.Key).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Expected every watcher of a run to have its own key, got '{twice.Key}' twice. Name one of them otherwise: AsPart(\"another\").", nameof(watchers));
        Directory.CreateDirectory(Path.Combine(directory, Folder));
        foreach (var watcher in watchers)
        {
            var state = watcher.Save();
            if (state.Tensors.Count > 0)
                throw new ArgumentException($"Expected a watcher without tensors, got {state.Tensors.Count} of '{watcher.Key}'. What has tensors belongs into TrainerParts.State.", nameof(watchers));
            using var file = File.Create(NameOf(directory, watcher));
            using var json = new Utf8JsonWriter(file);
            (state.Values ?? new JsonObject()).WriteTo(json);
        }
    }

    /// <returns>Whether there was anything of it.</returns>
    /// <exception cref="InvalidDataException">The file is broken, or what it holds is of another format.</exception>
    public static bool Restore(string directory, CheckpointPart watcher)
    {
        var path = NameOf(directory, watcher);
        if (!File.Exists(path)) return false;
        using var json = BoundedFile.Json(path);
        watcher.Restore(new SavedPart(watcher.Key, json.Deserialize<JsonNode>(), null));
        return true;
    }

    private static string NameOf(string directory, CheckpointPart watcher) => Path.Combine(directory, Folder, watcher.Key + ".json");
}
