using System.Globalization;
using System.Reflection;
using ViSurf.Core.Common;
using static TorchSharp.torch;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>
/// The checkpoints of one run, each in a directory <c>step-00000120</c> of its own. A checkpoint is written beside, flushed to the disk and renamed, so
/// a directory of that name is complete, and a process killed at any moment leaves all earlier ones as they were. One process at a time.
/// </summary>
/// <remarks>
/// Names that end with <c>.visurf-partial</c> (being written) and <c>.visurf-deleted</c> (being removed) are never read, and cleared when a store is opened.
/// </remarks>
public sealed class CheckpointStore : IDisposable
{
    private const string Prefix = "step-", Own = ".visurf-", Partial = Own + "partial", Deleted = Own + "deleted", LockFile = Own + "lock";

    private readonly FileStream _lock;
    private bool _disposed;

    private CheckpointStore(string directory, CheckpointOptions options, FileStream held) => (Directory, Options, _lock) = (directory, options, held);

    /// <summary>Where the checkpoints are.</summary>
    public string Directory { get; }

    /// <summary>Which of them stay.</summary>
    public CheckpointOptions Options { get; }

    /// <summary>Opens a directory for a run, makes it where there is none, and clears what an interrupted save left.</summary>
    /// <param name="directory">Holds nothing else.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="IOException">The place is read-only, or another run saves there.</exception>
    public static CheckpointStore Open(string directory, CheckpointOptions? options = null)
    {
        var full = Path.GetFullPath(Guard.NotBlank(directory));
        try
        {
            System.IO.Directory.CreateDirectory(full);
            var store = new CheckpointStore(full, options ?? new CheckpointOptions(), Lock(Path.Combine(full, LockFile)));
            foreach (var left in System.IO.Directory.GetDirectories(full).Where(IsLeftOver)) System.IO.Directory.Delete(left, recursive: true);
            return store;
        }
        catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException && e is not HeldException))
        {
            throw new IOException($"Expected a directory to save checkpoints in, but '{full}' cannot be written to: "
                + $"{e.Message.TrimEnd('.')}. Name another, or change its permissions.", e);
        }
    }

    /// <summary>Complete checkpoints under a directory, oldest first; other directories are left out. Needs no store: another process may look too.</summary>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="InvalidDataException">A checkpoint is of another format.</exception>
    public static IReadOnlyList<Checkpoint> Scan(string directory)
        => [.. Marks(directory).Where(found => found.Mark is not null).Select(found => new Checkpoint(found.Path, found.Mark!))
            .OrderBy(checkpoint => checkpoint.Order)];

    /// <summary>What <see cref="Scan"/> leaves out although its name says that it was a checkpoint, in the order of their names.</summary>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="InvalidDataException">A checkpoint is of another format.</exception>
    public static IReadOnlyList<DamagedCheckpoint> ScanDamaged(string directory)
        => [.. Marks(directory).Where(found => found.Problem is not null)
            .Select(found => new DamagedCheckpoint(found.Path, found.Problem!))];

    /// <summary>All complete checkpoints, oldest first.</summary>
    public IReadOnlyList<Checkpoint> List() => Scan(Directory);

    /// <summary>The one written last; null when there is none.</summary>
    /// <exception cref="InvalidDataException">
    /// A directory named like a checkpoint is damaged, and nobody can say whether it was a later one; names it.
    /// </exception>
    public Checkpoint? Latest() => ScanDamaged(Directory) is [var damaged, ..] ? throw new InvalidDataException(damaged.ToString())
        : Newest();

    /// <summary>The complete one written last, whatever lies beside it.</summary>
    internal Checkpoint? Newest() => List() is [.., var last] ? last : null;

    /// <summary>The best by <see cref="CheckpointOptions.Best"/>; null when none was measured.</summary>
    public Checkpoint? Best() => Options.Ranked(List()).FirstOrDefault();

    /// <summary>Whether a checkpoint with these metrics would be the best.</summary>
    public bool IsBest(IReadOnlyDictionary<string, double> metrics)
        => Options.Best?.Worth(Guard.NotNull(metrics)) is { } worth && (Best() is not { } best || worth > Options.Best.Worth(best.Metrics));

    /// <summary>Writes a checkpoint, then removes what need not stay.</summary>
    /// <exception cref="IOException">It could not be written (the disk is full or read-only). Earlier checkpoints are as they were.</exception>
    /// <exception cref="ObjectDisposedException">The store has been disposed.</exception>
    public Checkpoint Save(CheckpointContent content)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var target = FreeName(Guard.NotNull(content).Step);
        var staging = target + Partial;
        CheckpointMark mark;
        try
        {
            mark = Write(staging, content);
            System.IO.Directory.Move(staging, target);
            DiskSync.Entries(Directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The checkpoint of step {content.Step} could not be written to '{Directory}': "
                + $"{e.Message.TrimEnd('.')}.{IfKnown(Free)}{IfKnown(Before)} Make room or permissions right, and resume.", e);
        }
        finally
        {
            Discard(staging);
        }
        foreach (var surplus in Options.Surplus(List())) Remove(surplus.Directory);
        return new Checkpoint(target, mark);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _lock.Dispose();
    }

    private static IEnumerable<(string Path, CheckpointMark? Mark, string? Problem)> Marks(string directory)
        => System.IO.Directory.EnumerateDirectories(Path.GetFullPath(Guard.NotBlank(directory)), Prefix + "*")
            .Where(path => !IsLeftOver(path)).Order(StringComparer.Ordinal)
            .Select(path =>
            {
                var (mark, problem) = CheckpointMark.Read(path);
                return (path, mark, IsNamedLikeOne(path) ? problem : null);
            });

    private CheckpointMark Write(string staging, CheckpointContent content)
    {
        // Made anew, a folder that was renamed or unmounted would hold the end of a run whose beginning is elsewhere.
        if (!System.IO.Directory.Exists(Directory))
            throw new DirectoryNotFoundException("the folder has gone: it was removed, renamed or unmounted since the run began.");
        System.IO.Directory.CreateDirectory(staging);
        content.Weights.Save(Path.Combine(staging, Checkpoint.Weights));
        StateFiles.Write(staging, content.Parts);
        WatcherFiles.Write(staging, content.Watchers);
        DiskSync.Tree(staging);
        var order = Newest() is { } newest ? newest.Order + 1 : 1;
        var mark = new CheckpointMark(CheckpointMark.CurrentFormat, content.Step, order, DateTimeOffset.UtcNow, content.Metrics, content.Settings, Versions(), content.Model, FileHashes.Of(staging));
        mark.Write(staging);
        DiskSync.Entries(staging);
        return mark;
    }

    /// <summary>
    /// A step that is there already belongs to a course that was left, by resuming from an earlier checkpoint, or was saved before it was measured: it
    /// stays, the new one gets a number.
    /// </summary>
    private string FreeName(long step)
    {
        var name = Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:00000000}"));
        return !System.IO.Directory.Exists(name)
            ? name
            : Enumerable.Range(2, int.MaxValue - 2).Select(n => string.Create(CultureInfo.InvariantCulture, $"{name}-{n}")).First(path => !System.IO.Directory.Exists(path));
    }

    /// <summary>Renamed first: a removal that is interrupted must not leave half a checkpoint under its name.</summary>
    private static void Remove(string checkpoint)
    {
        System.IO.Directory.Move(checkpoint, checkpoint + Deleted);
        System.IO.Directory.Delete(checkpoint + Deleted, recursive: true);
    }

    private static void Discard(string staging)
    {
        try
        {
            if (System.IO.Directory.Exists(staging)) System.IO.Directory.Delete(staging, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The reason the save failed is on its way to the caller and says more; the next store that opens clears this.
        }
    }

    /// <summary>What failed once may fail again while it is described.</summary>
    private static string IfKnown(Func<string> words)
    {
        try
        {
            return " " + words();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return "";
        }
    }

    private string Free() => $"{new DriveInfo(Directory).AvailableFreeSpace >> 20} MiB are free there.";

    private string Before() => Newest() is { } newest ? $"The newest complete checkpoint is '{newest.Directory}'."
        : "There is no earlier checkpoint.";

    /// <summary>step-00000120, and step-00000120-2 for a second one; other folders are somebody else's.</summary>
    private static bool IsNamedLikeOne(string path)
        => Path.GetFileName(path)[Prefix.Length..].Split('-') is [{ Length: >= 8 } step, ..] parts && parts.Length <= 2
            && step.All(char.IsAsciiDigit) && parts.Skip(1).All(n => n.Length > 0 && n.All(char.IsAsciiDigit));

    private static bool IsLeftOver(string path) => path.EndsWith(Partial, StringComparison.Ordinal) || path.EndsWith(Deleted, StringComparison.Ordinal);

    private static FileStream Lock(string path)
    {
        try
        {
            // Released by the system at the end of the process, however it ends.
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (File.Exists(path) && !IsReadOnly(e))
        {
            throw new HeldException($"Expected to be the only run that saves to '{Path.GetDirectoryName(path)}', "
                + $"but '{path}' is held by another. Wait for it, or name another directory.", e);
        }
    }

    /// <summary>EROFS, or Windows' write protection: nobody else holds it.</summary>
    private static bool IsReadOnly(IOException e) => e.HResult is 30 or unchecked((int)0x80070013);

    private sealed class HeldException(string message, Exception inner) : IOException(message, inner);

    private static SortedDictionary<string, string> Versions() => new(StringComparer.Ordinal)
    {
        [".NET"] = Environment.Version.ToString(),
        ["TorchSharp"] = Version(typeof(Tensor)),
        ["ViSurf.Core"] = Version(typeof(CheckpointStore)),
        ["libtorch"] = __version__,
    };

    private static string Version(Type type)
        => type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? type.Assembly.GetName().Version?.ToString() ?? "unknown";
}
