namespace ViSurf.Core.Common;

/// <summary>
/// A directory that appears whole or not at all. Files are written beside it; <see cref="Commit"/> flushes them to the disk and
/// exchanges directories by renaming. At every moment the target, or a complete directory under a name beside it, is there.
/// </summary>
/// <remarks>
/// Names for a target <c>x</c>: <c>x.visurf-partial</c> while files are written, <c>x.visurf-complete</c> once all are on the disk,
/// <c>x.visurf-previous</c> for what was there before, and <c>x.visurf-lock</c>, held by one process at a time. A process that dies
/// leaves some of them: the next save finishes or clears what it finds, and a reader that misses <c>x</c> is told (<see cref="Missing"/>).
/// There is no portable exchange of two directories, so between two renames <c>x</c> is absent.
/// </remarks>
internal sealed class StagedDirectory : IDisposable
{
    /// <summary>Ends the name of what is not complete yet.</summary>
    internal const string PartialSuffix = ".visurf-partial";

    private const string CompleteSuffix = ".visurf-complete", PreviousSuffix = ".visurf-previous", LockSuffix = ".visurf-lock";
    private readonly string _target, _complete, _previous;
    private readonly FileStream _lock;

    private StagedDirectory(string target, FileStream held)
        => (_target, _lock, Path, _complete, _previous) = (target, held, target + PartialSuffix, target + CompleteSuffix, target + PreviousSuffix);

    /// <summary>Where to write until <see cref="Commit"/>.</summary>
    public string Path { get; }

    /// <summary>Starts to write. Finishes what an interrupted save left, then makes an empty directory beside the target.</summary>
    /// <param name="target">Where the result shall be; a link to a directory stands for that directory.</param>
    /// <param name="ensure">Gets the target's full path and throws if it must not be replaced; runs before anything is written.</param>
    /// <exception cref="IOException">Another process is saving there, or the target cannot be replaced.</exception>
    /// <exception cref="UnauthorizedAccessException">The place is read-only.</exception>
    public static StagedDirectory Begin(string target, Action<string> ensure)
    {
        var full = FullPath(target);
        if (File.Exists(full)) throw new IOException($"Expected a directory to write to, got the file '{full}'.");
        if (System.IO.Path.GetDirectoryName(full) is not { } parent || IsMountPoint(full))
            throw new IOException($"Expected a directory that can be replaced by renaming, got '{full}', the root of a file system. Name a directory inside it.");
        Directory.CreateDirectory(parent);
        var staged = new StagedDirectory(full, Lock(full));
        try
        {
            staged.Recover();
            ensure(full);
            Directory.CreateDirectory(staged.Path);
            return staged;
        }
        catch
        {
            staged.Dispose();
            throw;
        }
    }

    /// <summary>Puts the directory in its place.</summary>
    /// <exception cref="IOException">The target could not be renamed; what was written is kept, and the message says where.</exception>
    public void Commit()
    {
        DiskSync.Tree(Path);
        Directory.Move(Path, _complete);
        try
        {
            if (Directory.Exists(_target)) Directory.Move(_target, _previous);
            Directory.Move(_complete, _target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!Directory.Exists(_target) && Directory.Exists(_previous)) Directory.Move(_previous, _target);
            throw new IOException($"'{_complete}' is complete but could not take the place of '{_target}': {e.Message} Rename it by hand, before anything else is saved there.", e);
        }
        DiskSync.Entries(System.IO.Path.GetDirectoryName(_target)!);
        if (Directory.Exists(_previous)) Directory.Delete(_previous, recursive: true);
    }

    /// <summary>Drops what was not committed.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        _lock.Dispose();
    }

    /// <summary>The exception for a directory that is not there: says so when a save was interrupted between its two renames.</summary>
    /// <param name="directory">The directory that was looked for.</param>
    /// <param name="what">What it should hold, with its article.</param>
    public static DirectoryNotFoundException Missing(string directory, string what)
    {
        var full = FullPath(directory);
        var left = new[] { full + CompleteSuffix, full + PreviousSuffix }.Where(Directory.Exists).ToArray();
        var hint = left.Length == 0 ? ""
            : $" A save was interrupted while it renamed: '{string.Join("' and '", left)}' {(left.Length == 1 ? "is" : "are")} complete. Rename the first to '{full}', or save there again.";
        return new DirectoryNotFoundException($"Expected {what} at '{directory}', found none.{hint}");
    }

    /// <summary>Brings the names back to "target only", keeping the newest complete directory.</summary>
    private void Recover()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
        foreach (var left in new[] { _complete, _previous }.Where(Directory.Exists))
            if (Directory.Exists(_target)) Directory.Delete(left, recursive: true);
            else Directory.Move(left, _target);
    }

    private static FileStream Lock(string target)
    {
        try
        {
            // Held until the end of the process at the latest, so a process that was killed does not block the next.
            return new FileStream(target + LockSuffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (File.Exists(target + LockSuffix))
        {
            throw new IOException($"Expected to be the only one who saves to '{target}', but '{target + LockSuffix}' is held by another save. Wait for it, or name another directory.", e);
        }
    }

    private static string FullPath(string directory)
    {
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(Guard.NotBlank(directory)));
        return Directory.Exists(full) && Directory.ResolveLinkTarget(full, returnFinalTarget: true) is { } real ? real.FullName : full;
    }

    private static bool IsMountPoint(string full)
        => Directory.Exists(full) && DriveInfo.GetDrives().Any(d => System.IO.Path.TrimEndingDirectorySeparator(d.RootDirectory.FullName) == full);
}
