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
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"Expected a directory to save checkpoints in, but '{full}' cannot be written to: {e.Message} Name another, or change its permissions.", e);
        }
    }

    /// <summary>Complete checkpoints under a directory, oldest first; other directories are left out. Needs no store: another process may look too.</summary>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="InvalidDataException">A checkpoint is of another format.</exception>
    public static IReadOnlyList<Checkpoint> Scan(string directory)
        => [.. System.IO.Directory.EnumerateDirectories(Path.GetFullPath(Guard.NotBlank(directory)), Prefix + "*").Where(path => !IsLeftOver(path))
            .Select(path => (path, Mark: CheckpointMark.Read(path))).Where(found => found.Mark is not null)
            .Select(found => new Checkpoint(found.path, found.Mark!)).OrderBy(checkpoint => checkpoint.Order)];

    /// <summary>All complete checkpoints, oldest first.</summary>
    public IReadOnlyList<Checkpoint> List() => Scan(Directory);

    /// <summary>The one written last; null when there is none.</summary>
    public Checkpoint? Latest() => List() is [.., var last] ? last : null;

    /// <summary>The best by <see cref="CheckpointOptions.Best"/>; null when none was measured.</summary>
    public Checkpoint? Best() => Options.Ranked(List()).FirstOrDefault();

    /// <summary>Whether a checkpoint with these metrics would be the best.</summary>
    public bool IsBest(IReadOnlyDictionary<string, double> metrics)
        => Options.Best?.Worth(Guard.NotNull(metrics)) is { } worth && (Best() is not { } best || worth > Options.Best.Worth(best.Metrics));

    /// <summary>Writes a checkpoint, then removes what need not stay.</summary>
    /// <exception cref="IOException">It could not be written (the disk is full or read-only). Earlier checkpoints are as they were.</exception>
    public Checkpoint Save(CheckpointContent content)
    {
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
            throw new IOException($"The checkpoint of step {content.Step} could not be written to '{Directory}': {e.Message.TrimEnd('.')}.{IfKnown(Free)}{IfKnown(Newest)} Make room or permissions right, and resume.", e);
        }
        finally
        {
            Discard(staging);
        }
        foreach (var surplus in Options.Surplus(List())) Remove(surplus.Directory);
        return new Checkpoint(target, mark);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private CheckpointMark Write(string staging, CheckpointContent content)
    {
        System.IO.Directory.CreateDirectory(staging);
        content.Weights.Save(Path.Combine(staging, Checkpoint.Weights));
        StateFiles.Write(staging, content.Parts);
        WatcherFiles.Write(staging, content.Watchers);
        DiskSync.Tree(staging);
        var order = Latest() is { } latest ? latest.Order + 1 : 1;
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

    private string Newest() => Latest() is { } latest ? $"The newest complete checkpoint is '{latest.Directory}'." : "There is no earlier checkpoint.";

    private static bool IsLeftOver(string path) => path.EndsWith(Partial, StringComparison.Ordinal) || path.EndsWith(Deleted, StringComparison.Ordinal);

    private static FileStream Lock(string path)
    {
        try
        {
            // Released by the system at the end of the process, however it ends.
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new IOException($"Expected to be the only run that saves to '{Path.GetDirectoryName(path)}', but '{path}' is held by another. Wait for it, or name another directory.", e);
        }
    }

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
