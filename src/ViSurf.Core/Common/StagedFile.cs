namespace ViSurf.Core.Common;

/// <summary>
/// A file that appears whole or not at all. It is written beside its place as <c>x.visurf-partial</c>, flushed to the disk and then renamed, so whoever
/// opens <c>x</c>, at any moment and after a crash, sees all of the old contents or all of the new.
/// </summary>
internal static class StagedFile
{
    /// <summary>Writes a file, or replaces the one that is there. When anything fails, what was there before is still there, and nothing beside it.</summary>
    /// <param name="path">The file; its directory exists.</param>
    /// <param name="write">Writes the contents; may read the file that is to be replaced.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The place is read-only.</exception>
    public static void Write(string path, Action<FileStream> write)
    {
        var partial = path + StagedDirectory.PartialSuffix;
        try
        {
            using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            if (File.Exists(partial)) File.Delete(partial);
            throw;
        }
    }
}
