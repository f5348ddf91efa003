using System.Text.Json;

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

    /// <summary>Directories under the root whose config.json names the model type and that hold a golden.json.</summary>
    public static IEnumerable<string> ModelDirectories(string modelType)
        => Directory.GetDirectories(Root).Order(StringComparer.Ordinal).Where(d =>
        {
            var config = Path.Combine(d, "config.json");
            if (!File.Exists(config)) return false;
            using var json = JsonDocument.Parse(File.ReadAllBytes(config));
            return json.RootElement.TryGetProperty("model_type", out var type) && type.GetString() == modelType;
        }).Select(d => Path.GetFileName(d)!);
}
