using System.Text.Json;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// Inputs of public bug reports with the right values: the copy beside the tests, or another directory of the same layout named by
/// VISURF_CASES.
/// </summary>
internal static class Cases
{
    public static string Root { get; } =
        Environment.GetEnvironmentVariable("VISURF_CASES") is { Length: > 0 } root ? root
            : Path.Combine(AppContext.BaseDirectory, "Fixtures", "cases");

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    public static JsonDocument Json(params string[] parts) => JsonDocument.Parse(File.ReadAllBytes(PathOf(parts)));

    /// <summary>Folders of a kind, by the beginning of their name: <c>06-</c>.</summary>
    public static IEnumerable<string> Of(string prefix)
        => Directory.GetDirectories(Root, prefix + "*").Order(StringComparer.Ordinal).Select(d => Path.GetFileName(d)!);

    /// <summary>Path of a fixture that a case names as <c>fixtures/NAME</c>.</summary>
    public static string Base(JsonElement expected) => Fixtures.PathOf(Path.GetFileName(expected.GetProperty("base").GetString()!));
}
