using System.Diagnostics;

namespace ViSurf.Core.Fuzz.Running;

/// <summary>Shares the time among the surfaces, as many children at once as there are processors.</summary>
/// <param name="seed">Of the run.</param>
/// <param name="log">Takes what is worth saying at once.</param>
internal sealed class Runner(long seed, Action<string> log)
{
    /// <summary>A surface that fails at every input is not asked for ever.</summary>
    private const int MostFailures = 400;

    /// <summary>Sorts of failures whose inputs are kept; each is made again in a process of its own.</summary>
    private const int MostKept = 5;

    /// <param name="kinds">What to run.</param>
    /// <param name="seconds">By the clock, for all of them.</param>
    /// <param name="workers">Children at once.</param>
    /// <param name="keep">Folder for inputs that failed; null for none.</param>
    public IReadOnlyList<Tally> Run(IReadOnlyList<SurfaceKind> kinds, double seconds, int workers, string? keep)
    {
        var tallies = kinds.Select(kind => new Tally(kind.Name)).ToArray();
        var share = seconds * Math.Min(workers, kinds.Count) / kinds.Sum(kind => kind.Weight);
        // Those that take longest first, so that the last ones end together.
        var order = Enumerable.Range(0, kinds.Count).OrderByDescending(i => kinds[i].Weight).ToArray();
        Parallel.ForEach(order, new ParallelOptions { MaxDegreeOfParallelism = workers },
            i => Run(kinds[i], tallies[i], share * kinds[i].Weight, keep));
        return tallies;
    }

    private void Run(SurfaceKind kind, Tally tally, double seconds, string? keep)
    {
        var clock = Stopwatch.StartNew();
        var process = new WorkerProcess(kind, seed, log);
        var next = 0L;
        while (true)
        {
            var left = seconds - clock.Elapsed.TotalSeconds;
            if (left <= 0 && next > 0) break;
            (next, var over) = process.Run(tally, next, Math.Max(1, left));
            if (over || tally.Failures.Count >= MostFailures) break;
        }
        tally.Seconds = clock.Elapsed.TotalSeconds;
        if (keep is null) return;
        // One of each sort: the others are made again from seed and index.
        foreach (var failure in tally.Failures.DistinctBy(f => f.Gist).Take(MostKept))
            process.Keep(failure.Index, Path.Combine(keep, $"{failure.Surface}-{failure.Index}"));
    }
}
