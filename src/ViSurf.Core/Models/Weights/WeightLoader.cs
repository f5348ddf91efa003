using System.Runtime.ExceptionServices;
using TorchSharp.Modules;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Weights;

/// <summary>Fills a module's parameters from a checkpoint; any disagreement is one error that lists all of it.</summary>
public static class WeightLoader
{
    private const int Listed = 40;

    // Reading is copying out of the page cache, or waiting for a disk: a few threads saturate both, and each costs a buffer.
    private const int MostThreads = 4;

    /// <summary>Threads that read.</summary>
    internal static int Threads => Math.Min(MostThreads, Environment.ProcessorCount);

    /// <summary>Loads every parameter, several at a time, each straight into its memory.</summary>
    /// <param name="parameters">Parameters by canonical name.</param>
    /// <param name="checkpoint">Where the weights are.</param>
    /// <param name="canonical">Maps a name in the files to the canonical one; null drops a tensor that is known to be of no use.</param>
    /// <param name="progress">Told after each tensor, by one thread at a time. What it throws ends the loading.</param>
    /// <exception cref="InvalidDataException">Tensors are missing, extra or mis-shaped; nothing has been loaded then.</exception>
    public static void Load(IReadOnlyDictionary<string, Parameter> parameters, CheckpointReader checkpoint, Func<string, string?> canonical,
        IProgress<LoadProgress>? progress = null)
        => Load(parameters, checkpoint, canonical, progress, Threads);

    internal static void Load(IReadOnlyDictionary<string, Parameter> parameters, CheckpointReader checkpoint, Func<string, string?> canonical,
        IProgress<LoadProgress>? progress, int threads)
    {
        Guard.NotNull(parameters);
        var sources = Match(parameters, Guard.NotNull(checkpoint), Guard.NotNull(canonical));
        var (gate, done, total) = (new Lock(), 0L, sources.Sum(s => checkpoint.Entry(s.Value).Bytes));
        using var buffers = new StagingBuffers();
        try
        {
            // Largest first: the embedding alone may be a quarter, and must not be what is left to one thread at the end.
            Parallel.ForEach(sources.OrderByDescending(s => checkpoint.Entry(s.Value).Bytes), new ParallelOptions { MaxDegreeOfParallelism = threads }, source =>
            {
                checkpoint.ReadInto(source.Value, parameters[source.Key], buffers);
                lock (gate)
                {
                    done += checkpoint.Entry(source.Value).Bytes;
                    progress?.Report(new LoadProgress(source.Value, done, total));
                }
            });
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    /// <summary>Names in the files by canonical name.</summary>
    private static Dictionary<string, string> Match(IReadOnlyDictionary<string, Parameter> parameters, CheckpointReader checkpoint, Func<string, string?> canonical)
    {
        var sources = new Dictionary<string, string>();
        var problems = new List<string>();
        foreach (var name in checkpoint.Names)
        {
            var entry = checkpoint.Entry(name);
            var found = $"'{name}' {entry.Type} [{string.Join(", ", entry.Shape)}]";
            if (canonical(name) is not { } target) continue;
            if (!parameters.TryGetValue(target, out var parameter)) problems.Add($"extra {found}: the configuration has no such tensor");
            else if (!sources.TryAdd(target, name)) problems.Add($"extra {found}: '{sources[target]}' is the same tensor");
            else if (!entry.Shape.SequenceEqual(parameter.shape)) problems.Add($"mis-shaped {found}: expected [{string.Join(", ", parameter.shape)}]");
        }
        problems.AddRange(parameters.Keys.Where(n => !sources.ContainsKey(n))
            .Select(n => $"missing '{n}' [{string.Join(", ", parameters[n].shape)}]"));
        return problems.Count == 0 ? sources : throw Disagreement(checkpoint.Directory, problems);
    }

    private static InvalidDataException Disagreement(string directory, List<string> problems)
    {
        problems.Sort(StringComparer.Ordinal);
        var rest = problems.Count > Listed ? $"\n  … and {problems.Count - Listed} more" : "";
        return new InvalidDataException(
            $"The weights in '{directory}' do not fit its config.json ({problems.Count} tensors):\n  "
            + string.Join("\n  ", problems.Take(Listed)) + rest
            + "\nCheck that config.json and the weight files come from the same model.");
    }
}
