namespace Samples.Shared;

/// <summary>
/// A folder that appears whole or not at all: files are written beside it and moved into place at the end. An older result of the
/// same program is replaced; a folder with anything else in it is left alone.
/// </summary>
internal sealed class StagedFolder : IDisposable
{
    private readonly string _target;
    private readonly string _mark;

    /// <param name="target">Where the result shall be.</param>
    /// <param name="mark">A file that every result of this program has: a folder without it is not ours to replace.</param>
    /// <exception cref="IOException">The target holds files of somebody else.</exception>
    public StagedFolder(string target, string mark)
    {
        _target = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(target));
        _mark = mark;
        if (File.Exists(_target)) throw new IOException($"Expected a folder to write to, got the file '{_target}'.");
        if (Directory.Exists(_target) && Directory.EnumerateFileSystemEntries(_target).Any() && !File.Exists(System.IO.Path.Combine(_target, mark)))
            throw new IOException($"Folder '{_target}' holds files that are not an earlier result (no '{mark}'). Name an empty or new folder.");
        Path = $"{_target}.partial-{Environment.ProcessId}";
        Directory.CreateDirectory(Path);
    }

    /// <summary>Where to write until <see cref="Commit"/>.</summary>
    public string Path { get; }

    /// <summary>Puts the folder in its place and returns that place.</summary>
    public string Commit()
    {
        if (!File.Exists(System.IO.Path.Combine(Path, _mark))) throw new InvalidOperationException($"The result has no '{_mark}'.");
        if (Directory.Exists(_target)) Directory.Delete(_target, recursive: true);
        Directory.Move(Path, _target);
        return _target;
    }

    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }
}
