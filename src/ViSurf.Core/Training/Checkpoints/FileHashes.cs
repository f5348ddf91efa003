using System.Security.Cryptography;
using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Checkpoints;

/// <summary>Sizes and SHA-256 of a directory's files, several at a time.</summary>
internal static class FileHashes
{
    private const int Buffer = 1 << 20, MostThreads = 4;

    public static IReadOnlyList<CheckpointFile> Of(string directory)
    {
        var paths = Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        var files = new CheckpointFile[paths.Length];
        InParallel(paths.Length, i => files[i] = Of(directory, Path.GetRelativePath(directory, paths[i]).Replace('\\', '/')));
        return files;
    }

    public static void Verify(string directory, IReadOnlyList<CheckpointFile> files)
    {
        // Sizes first: they cost nothing and find what was cut off.
        var problem = files.Select(file => SizeProblem(directory, file)).FirstOrDefault(found => found is not null);
        if (problem is null)
        {
            var problems = new string?[files.Count];
            InParallel(files.Count, i => problems[i] = Of(directory, files[i].Path) == files[i] ? null : $"'{files[i].Path}' holds other bytes than were written");
            problem = problems.FirstOrDefault(found => found is not null);
        }
        if (problem is not null)
            throw new InvalidDataException($"The checkpoint '{directory}' is damaged: {problem}. Remove its directory to go on from the one before it.");
    }

    private static string? SizeProblem(string directory, CheckpointFile file)
    {
        var info = new FileInfo(Path.Combine(directory, file.Path));
        return !info.Exists ? $"'{file.Path}' is missing" : info.Length != file.Bytes ? $"'{file.Path}' has {info.Length} of {file.Bytes} bytes" : null;
    }

    private static CheckpointFile Of(string directory, string path)
    {
        using var stream = new FileStream(RegularFile.Ensure(Path.Combine(directory, path)), FileMode.Open, FileAccess.Read,
            FileShare.Read, Buffer, FileOptions.SequentialScan);
        return new CheckpointFile(path, stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }

    private static void InParallel(int count, Action<int> action)
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Math.Min(MostThreads, Environment.ProcessorCount) }, action);
        }
        catch (AggregateException e)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
