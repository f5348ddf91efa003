using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace ViSurf.Core.Data;

/// <summary>Pictures that rows name by their path, or hold as a data: URI.</summary>
/// <param name="folder">What paths are relative to: the folder of the rows' file.</param>
/// <param name="options">Where pictures may lie.</param>
internal sealed partial class PicturePaths(string folder, RowOptions options)
{
    private const int LongestPath = 4096, MostLinks = 40;
    private readonly string _folder = Path.GetFullPath(folder);
    private readonly string _within = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.PicturesWithin ?? folder));
    private readonly ConcurrentDictionary<string, string> _real = new(StringComparer.Ordinal);

    /// <summary>A picture of a row.</summary>
    /// <param name="path">Its path, or a data: URI.</param>
    /// <param name="name">What messages call a picture that has no path.</param>
    /// <param name="place">The row.</param>
    /// <exception cref="InvalidDataException">No path, an address, nothing there, or a place where pictures may not lie.</exception>
    public ImageSource At(string? path, string name, string place)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new InvalidDataException($"{place}: expected every image to be a path, got a blank or something that is not a text.");
        if (path.StartsWith("data:", StringComparison.OrdinalIgnoreCase)) return ImageSource.FromDataUri(path, name);
        if (Address().IsMatch(path))
            throw new InvalidDataException($"{place}: expected a picture in a file, got the address '{RowText.Short(path)}'. "
                + "Pictures are not downloaded: save them, and name their files.");
        if (path.Length > LongestPath || path.Contains('\0'))
            throw new InvalidDataException($"{place}: expected a path, got {path.Length} characters, '{RowText.Short(path)}'. "
                + "A picture in base64 begins with data:image/png;base64, or whatever it is.");
        var full = Path.GetFullPath(Path.Combine(_folder, path));
        if (!Inside(full, _within)) throw Outside(path, full, place);
        if (!File.Exists(full))
            throw new InvalidDataException($"{place}: expected the picture '{RowText.Short(path, 100)}' at '{RowText.Short(full, 200)}', "
                + $"found {(Directory.Exists(full) ? "a folder" : "no such file")}.{Backslashes(path)}");
        var real = Real(full, MostLinks, place);
        var within = Real(_within, MostLinks, place);
        return Inside(real, within) || Inside(real, Blobs(within)) ? ImageSource.FromFile(full) : throw Outside(path, real, place);
    }

    private InvalidDataException Outside(string path, string full, string place) => new(
        $"{place}: expected a picture inside '{RowText.Short(_within, 200)}', got '{RowText.Short(path, 100)}', "
            + $"which is '{RowText.Short(full, 200)}'. "
        + $"If you trust who wrote these rows, {options.Advice.PicturesWithin ?? RowAdvice.OfOptions.PicturesWithin}.");

    private static bool Inside(string path, string? folder)
        => folder is not null && path.StartsWith(folder, StringComparison.Ordinal)
            && (path.Length == folder.Length || Path.EndsInDirectorySeparator(folder)
                || path[folder.Length] == Path.DirectorySeparatorChar);

    private static string Backslashes(string path)
        => Path.DirectorySeparatorChar == '/' && path.Contains('\\', StringComparison.Ordinal)
            ? " Here folders are separated by /, not by \\." : "";

    /// <summary>A path without links in it. What folders are is remembered: rows name thousands of files in few of them.</summary>
    private string Real(string path, int links, string place)
    {
        if (Path.GetDirectoryName(path) is not { } parent) return path;
        var own = Path.Combine(_real.GetOrAdd(parent, folder => Real(folder, links, place)), Path.GetFileName(path));
        FileSystemInfo info = Directory.Exists(own) ? new DirectoryInfo(own) : new FileInfo(own);
        if (info.LinkTarget is null) return own;
        if (links == 0) throw new InvalidDataException($"{place}: expected a picture, got links that lead to each other, "
            + $"'{RowText.Short(path, 200)}'.");
        return Real(info.ResolveLinkTarget(returnFinalTarget: false)!.FullName, links - 1, place);
    }

    /// <summary>The hub's cache has the files of <c>snapshots/REVISION</c> in <c>blobs</c> beside <c>snapshots</c>.</summary>
    private static string? Blobs(string folder)
    {
        for (var at = folder; Path.GetDirectoryName(at) is { } above; at = above)
            if (Path.GetFileName(above) == "snapshots" && Path.GetDirectoryName(above) is { } repository)
                return Path.Combine(repository, "blobs");
        return null;
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]+://")]
    private static partial Regex Address();
}
