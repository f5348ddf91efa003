using System.Text.Json;
using ViSurf.Core.Models.QwenVl;

namespace ViSurf.Core.Tests.Support;

/// <summary>Golden data: the copy beside the tests, or another directory of the same layout named by VISURF_FIXTURES.</summary>
internal static class Fixtures
{
    public static string Root { get; } =
        Environment.GetEnvironmentVariable("VISURF_FIXTURES") is { Length: > 0 } root
            ? root
            : Path.Combine(AppContext.BaseDirectory, "Fixtures");

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    public static JsonDocument Json(params string[] parts) => JsonDocument.Parse(File.ReadAllBytes(PathOf(parts)));

    /// <summary>Every directory with golden cases of a model that this library reads, of whatever family.</summary>
    public static IEnumerable<string> Checkpoints()
        => Directory.GetDirectories(Root).Order(StringComparer.Ordinal)
            .Where(d => File.Exists(Path.Combine(d, "config.json")) && File.Exists(Path.Combine(d, "golden.json")) && IsKnown(d))
            .Select(d => Path.GetFileName(d)!);

    /// <summary>Directories under the root whose config.json names the model type and that hold a golden.json.</summary>
    public static IEnumerable<string> ModelDirectories(string modelType)
        => Directory.GetDirectories(Root).Order(StringComparer.Ordinal).Where(d =>
        {
            var config = Path.Combine(d, "config.json");
            if (!File.Exists(config)) return false;
            using var json = JsonDocument.Parse(File.ReadAllBytes(config));
            return json.RootElement.TryGetProperty("model_type", out var type) && type.GetString() == modelType;
        }).Select(d => Path.GetFileName(d)!);

    private static bool IsKnown(string directory)
    {
        try
        {
            QwenVlConfigReader.Read(directory);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;   // another family; the parity tests name those that must be known
        }
    }
}
