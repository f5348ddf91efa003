namespace Samples.Shared;

/// <summary>Finds what the repository carries for its samples.</summary>
internal static class Assets
{
    /// <summary>The <c>samples/assets</c> folder of the checkout this program was built in.</summary>
    /// <exception cref="DirectoryNotFoundException">There is none above the program or the current folder.</exception>
    public static string Root => Up(AppContext.BaseDirectory) ?? Up(Environment.CurrentDirectory)
        ?? throw new DirectoryNotFoundException(
            $"Expected a folder samples/assets above '{AppContext.BaseDirectory}', found none. Run from a checkout, or name --model and --data.");

    /// <summary>The folder that holds samples/, for results.</summary>
    public static string Repository => Path.GetFullPath(Path.Combine(Root, "..", ".."));

    private static string? Up(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
        {
            var assets = Path.Combine(folder.FullName, "samples", "assets");
            if (Directory.Exists(assets)) return assets;
        }
        return null;
    }
}
