using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Samples.Shared;
using ViSurf.Core.Benchmarks;
using ViSurf.Core.Fuzz.Making;

namespace ViSurf.Core.Fuzz.Running;

/// <summary>
/// The side of a child process: input after input of one surface, a line for each that came to its end. What kills the process or hangs it
/// is the input after the last line.
/// </summary>
internal static class Worker
{
    /// <summary>Ends a line of the protocol that reports a failure.</summary>
    public const string Failed = "failed", Done = "done", Ready = "ready";

    /// <param name="kind">The surface.</param>
    /// <param name="seed">Of the run.</param>
    /// <param name="first">First input.</param>
    /// <param name="count">How many; the child ends by itself after so many or after <paramref name="seconds"/>.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="keep">Folder that takes every input's parts before the library gets them; null for none.</param>
    public static int Run(SurfaceKind kind, long seed, long first, long count, double seconds, string? keep)
    {
        // The library's own output must not be taken for a line of ours.
        using var lines = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        Console.SetOut(Console.Error);
        using var work = new WorkingFolder();
        using var surface = kind.Make();
        lines.WriteLine(Ready);
        var clock = Stopwatch.StartNew();
        for (var index = first; index < first + count && clock.Elapsed.TotalSeconds < seconds; index++)
        {
            var attempt = new Attempt(new Dice(seed, kind.Name, index), keep is null ? null : (name, content) => Keep(keep, name, content));
            var problem = Problem(surface, attempt) ?? TooMuchMemory(kind);
            lines.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Done}\t{index}\t{attempt.Tried}\t{attempt.Refused}"));
            if (problem is null) continue;
            lines.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Failed}\t{index}\t{JsonSerializer.Serialize(problem)}"));
            if (problem.StartsWith(MemoryWord, StringComparison.Ordinal)) return 3;   // the next child starts small
        }
        return 0;
    }

    /// <summary>How a failure begins that is one of memory.</summary>
    public const string MemoryWord = "memory:";

    private static string? Problem(ISurface surface, Attempt attempt)
    {
        try
        {
            surface.Try(attempt);
            return null;
        }
        catch (FuzzFailure e)
        {
            return e.InnerException is { } inner ? $"{e.Message}\n{Trace(inner)}" : e.Message;
        }
        catch (OutOfMemoryException e)
        {
            return $"{MemoryWord} {e.Message}\n{Trace(e)}";
        }
        catch (Exception e)
        {
            return $"{e.GetType().Name}: {e.Message}\n{Trace(e)}";
        }
    }

    private static string Trace(Exception e) => string.Join('\n', (e.StackTrace ?? "").Split('\n').Take(6).Select(line => line.Trim()));

    private static string? TooMuchMemory(SurfaceKind kind)
    {
        if (!ResidentMemory.IsKnown) return null;
        var peak = ResidentMemory.Peak / 1_000_000;
        return peak > kind.Memory ? string.Create(CultureInfo.InvariantCulture, $"{MemoryWord} {peak} MB resident at the peak, "
            + $"expected at most {kind.Memory}") : null;
    }

    private static void Keep(string folder, string name, byte[] content)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, name), content);
    }

    /// <summary>
    /// Surfaces write where they stand; a folder of its own, gone at the end, also when the parent kills the child (it owns it then).
    /// </summary>
    private sealed class WorkingFolder : IDisposable
    {
        private readonly TemporaryFolder? _own = Environment.GetEnvironmentVariable(WorkerProcess.FolderVariable) is null
            ? new TemporaryFolder() : null;

        public WorkingFolder() => Directory.SetCurrentDirectory(_own?.Path
            ?? Environment.GetEnvironmentVariable(WorkerProcess.FolderVariable)!);

        public void Dispose()
        {
            Directory.SetCurrentDirectory(Path.GetTempPath());
            _own?.Dispose();
        }
    }
}
