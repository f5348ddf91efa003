namespace ViSurf.Core.Fuzz.Making;

/// <summary>The tests' tiny checkpoints and files, as they lie beside the program.</summary>
internal static class Fixture
{
    public static string PathOf(params string[] parts) => Path.Combine([AppContext.BaseDirectory, "Fixtures", .. parts]);

    public static byte[] Bytes(params string[] parts) => File.ReadAllBytes(PathOf(parts));

    public static string Text(params string[] parts) => File.ReadAllText(PathOf(parts));

    /// <summary>Copies a checkpoint's files, those of tests left out.</summary>
    public static void Copy(string name, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.GetFiles(PathOf(name)))
            if (!Path.GetFileName(file).StartsWith("golden", StringComparison.Ordinal))
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
    }
}
