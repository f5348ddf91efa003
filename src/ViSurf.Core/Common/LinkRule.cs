namespace ViSurf.Core.Common;

/// <summary>
/// Files of a checkpoint directory may be links, but not to anywhere: an archive could name a private file as its weights or carry it
/// over into what is published next. Allowed is another file of the same directory, and what the hub's cache does, where
/// <c>snapshots/REVISION/*</c> are links into <c>blobs/</c> beside <c>snapshots</c>. The directory itself is the user's word: it may be a link.
/// </summary>
internal static class LinkRule
{
    /// <summary>The directory behind a link, or the directory: links inside it are relative to this one.</summary>
    public static string RealDirectory(string directory)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        return Directory.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
    }

    /// <summary>
    /// Path of a file of a directory, null where nothing has the name. What has it and is no file is not "nothing": reading it is refused,
    /// rather than going on as if it were not there.
    /// </summary>
    /// <exception cref="InvalidDataException">It is a link that leaves the directory, or leads to nothing.</exception>
    public static string? Find(string directory, string name)
    {
        var path = FileIn(RealDirectory(directory), name);
        return Path.Exists(path) ? path : null;
    }

    /// <summary>Path of a file in a directory that <see cref="RealDirectory"/> gave.</summary>
    /// <exception cref="InvalidDataException">It is a link that leaves the directory, or leads to nothing.</exception>
    public static string FileIn(string realDirectory, string name)
    {
        var path = Path.Combine(realDirectory, name);
        // Null for what is no link; nothing is opened here.
        if (new FileInfo(path).LinkTarget is null || File.ResolveLinkTarget(path, returnFinalTarget: true) is not { } target) return path;
        var folder = Path.GetDirectoryName(target.FullName);
        if (folder != realDirectory && folder != Blobs(realDirectory))
            throw new InvalidDataException(
                $"'{path}' is a link to '{target.FullName}', outside its directory. Copy the file into the directory, "
                    + $"or name the directory that holds it.");
        return Path.Exists(target.FullName) ? path
            : throw new InvalidDataException($"'{path}' is a link to '{target.FullName}', where there is no file. Fetch the file again.");
    }

    private static string? Blobs(string directory)
        => Path.GetDirectoryName(directory) is { } snapshots && Path.GetFileName(snapshots) == "snapshots" && Path.GetDirectoryName(snapshots) is { } repository
            ? Path.Combine(repository, "blobs")
            : null;
}
