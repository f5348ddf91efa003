namespace ViSurf.Core.Tests.Support;

/// <summary>Which golden data belongs to a checkpoint directory.</summary>
internal static class Golden
{
    /// <summary>A hub-layout directory holds no golden data of its own: it is the same model as the directory it is named after.</summary>
    public static string DirectoryOf(string directory)
        => File.Exists(Fixtures.PathOf(directory, "golden.json")) ? directory : directory.Replace("_hub", "", StringComparison.Ordinal);

    public static bool Exists(string directory) => File.Exists(Fixtures.PathOf(DirectoryOf(directory), "golden.json"));

    public static int CaseCount(string directory)
    {
        using var json = Fixtures.Json(DirectoryOf(directory), "golden.json");
        return json.RootElement.GetProperty("cases").GetArrayLength();
    }
}
