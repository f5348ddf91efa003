using System.Runtime.ExceptionServices;
using TorchSharp.Modules;
using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Weights;

/// <summary>Fills a module's parameters from a checkpoint; any disagreement is one error that lists all of it.</summary>
public static class WeightLoader
{
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
        IProgress<LoadProgress>? progress, int threads, IReadOnlyDictionary<string, string>? instead = null)
    {
        Guard.NotNull(parameters);
        var match = new TensorMatch($"The weights in '{Guard.NotNull(checkpoint).Directory}' do not fit "
            + $"its config.json", "Check that config.json and the weight files come from the same model.")
        {
            Instead = instead ?? new Dictionary<string, string>(),
        };
        var sources = match.Sources(parameters, checkpoint.Names.Select(checkpoint.Entry), Guard.NotNull(canonical));
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
}
