using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Samples.Shared;

namespace ViSurf.Core.Fuzz.Running;

/// <summary>
/// The side of the parent: starts a child, hears its lines, kills it when it hangs or grows, and says which input did it.
/// </summary>
internal sealed class WorkerProcess(SurfaceKind kind, long seed, Action<string> log)
{
    /// <summary>Where a child works.</summary>
    public const string FolderVariable = "VISURF_FUZZ_FOLDER";

    private const double StartPatience = 180;

    /// <summary>An input that waits for ever uses no processor; one that computes on a busy machine gets little of it.</summary>
    private const int WaitingFactor = 3;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly Queue<string> _errors = new();
    private Stopwatch _since = Stopwatch.StartNew();
    private long _next, _lines, _seen;
    private double _processor;
    private bool _ready;

    /// <summary>Runs inputs from <paramref name="first"/> on for so many seconds.</summary>
    /// <returns>The first input that has not been tried; and whether the child ended because its time was over.</returns>
    public (long Next, bool Over) Run(Tally tally, long first, double seconds)
    {
        using var folder = new TemporaryFolder();
        (_next, _ready, _since, _processor) = (first, false, Stopwatch.StartNew(), 0);
        _errors.Clear();
        using var child = Start(folder.Path,
            ["--worker", kind.Name, "--seed", Text(seed), "--index", Text(first), "--seconds", Text((long)Math.Ceiling(seconds))]);
        child.OutputDataReceived += (_, e) => Hear(e.Data, tally);
        child.ErrorDataReceived += (_, e) => Note(e.Data);
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        string? killed = null;
        while (!child.WaitForExit(Look))
        {
            if ((killed = Reason(child)) is null) continue;
            child.Kill(entireProcessTree: true);
            break;
        }
        child.WaitForExit();   // and until its last line was heard
        if (killed is null && child.ExitCode == 0) return (_next, true);
        if (killed is null && child.ExitCode == 3) return (_next, false);
        if (killed is null && kind.NotOurs is { } word && _errors.Any(line => line.Contains(word, StringComparison.Ordinal)))
        {
            tally.Add(1, 0);
            return (_next + 1, false);
        }
        var (sort, message) = killed is not null ? (killed.Split(':')[0], killed)
            : ("crash", $"the process ended with {child.ExitCode}: {string.Join(" | ", _errors)}");
        Report(tally, new Failure(kind.Name, _next, sort, message));
        return (_next + 1, false);
    }

    /// <summary>Makes one input again and keeps its parts.</summary>
    public void Keep(long index, string folder)
    {
        using var work = new TemporaryFolder();
        using var child = Start(work.Path, ["--worker", kind.Name, "--seed", Text(seed), "--index", Text(index), "--count", "1",
            "--seconds", Text((long)kind.Patience), "--keep", folder]);
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        if (!child.WaitForExit(TimeSpan.FromSeconds(kind.Patience))) child.Kill(entireProcessTree: true);
        child.WaitForExit();
    }

    private static Process Start(string folder, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(WorkerProcess).Assembly.Location,
            .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment[FolderVariable] = folder;
        // Many processes side by side: one thread each, and no core files.
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        var child = new Process { StartInfo = start };
        child.Start();
        return child;
    }

    private void Hear(string? line, Tally tally)
    {
        if (line is null) return;
        lock (_lock)
        {
            _since = Stopwatch.StartNew();
            _lines++;
            switch (line.Split('\t'))
            {
                case [Worker.Ready]:
                    _ready = true;
                    break;
                case [Worker.Done, var index, var tried, var refused]:
                    tally.Add(Number(tried), Number(refused));
                    _next = Number(index) + 1;
                    break;
                case [Worker.Failed, var index, var message]:
                    var text = JsonSerializer.Deserialize<string>(message)!;
                    Report(tally, new Failure(kind.Name, Number(index),
                        text.StartsWith(Worker.MemoryWord, StringComparison.Ordinal) ? "memory" : "failure", text));
                    break;
            }
        }
    }

    private void Note(string? line)
    {
        if (string.IsNullOrWhiteSpace(line)) return;
        lock (_lock)
        {
            _errors.Enqueue(line);
            if (_errors.Count > 4) _errors.Dequeue();
        }
    }

    private string? Reason(Process child)
    {
        child.Refresh();
        if (child.HasExited) return null;
        var processor = child.TotalProcessorTime.TotalSeconds;
        lock (_lock)
        {
            if (_seen != _lines) (_seen, _processor) = (_lines, processor);
            if (!_ready && _since.Elapsed.TotalSeconds > StartPatience)
                return string.Create(CultureInfo.InvariantCulture, $"hang: the start took more than {StartPatience} s");
            if (_ready && (processor - _processor > kind.Patience || _since.Elapsed.TotalSeconds > WaitingFactor * kind.Patience))
                return string.Create(CultureInfo.InvariantCulture, $"hang: an input took {_since.Elapsed.TotalSeconds:0} s, "
                    + $"{processor - _processor:0} of the processor, expected at most {kind.Patience}");
        }
        // Well beyond the limit: what stays near it, the child says itself.
        var resident = child.WorkingSet64 / 1_000_000;
        return resident > 2L * kind.Memory
            ? string.Create(CultureInfo.InvariantCulture, $"memory: {resident} MB resident, expected at most {kind.Memory}") : null;
    }

    private void Report(Tally tally, Failure failure)
    {
        if (tally.Add(failure)) log($"FAILED  {failure.Surface} {failure.Index} ({failure.Kind}): {failure.Brief}");
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
