namespace ViSurf.Core.Tests.Support;

/// <summary>The repository the tests were built from.</summary>
internal static class Repository
{
    /// <summary>The folder of ViSurf.Core.sln, found upwards from the test's own binaries.</summary>
    public static string Root { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string Find(DirectoryInfo? folder)
    {
        for (; folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "ViSurf.Core.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException($"Expected ViSurf.Core.sln above '{AppContext.BaseDirectory}': these tests read the sources.");
    }
}
