namespace ViSurf.Core.Tests.Support;

/// <summary>A folder that is gone at the end of the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("visurf-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A copy of a fixture directory that the test may change.</summary>
    public static TemporaryDirectory CopyOf(string fixture)
    {
        var copy = new TemporaryDirectory();
        foreach (var file in Directory.GetFiles(Fixtures.PathOf(fixture)))
            System.IO.File.Copy(file, copy.File(System.IO.Path.GetFileName(file)));
        return copy;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
