using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ViSurf.Core.Benchmarks.Gpu;

/// <summary>
/// Runs parts one after the other, each within its own time and all within one: a part that no longer fits is skipped, and said to be.
/// </summary>
/// <param name="folder">Where each part's output is kept, and <c>results.jsonl</c>.</param>
/// <param name="total">Seconds for all of them.</param>
/// <param name="said">Told what happens.</param>
internal sealed class PartRunner(string folder, double total, Action<string> said)
{
    /// <summary>Seconds at the end of the whole that no part gets: for the table, and for what an ended part leaves behind.</summary>
    private const double Reserve = 3;

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<PartResult> _results = [];

    public IReadOnlyList<PartResult> Run(IEnumerable<GpuPart> parts)
    {
        foreach (var part in parts)
        {
            var result = Run(part);
            _results.Add(result);
            File.AppendAllText(Path.Combine(folder, "results.jsonl"), result.Line() + Environment.NewLine);
            said(result.Line());
        }
        return _results;
    }

    private PartResult Run(GpuPart part)
    {
        var left = total - Reserve - _clock.Elapsed.TotalSeconds;
        if (part.Impossible is { } reason) return PartResult.LeftOut(part.Name, reason);
        if (part.After is { } first && !_results.Any(r => r.Part == first && r.IsOk)) return PartResult.Skipped(part.Name, $"'{first}' did not end well");
        if (left < part.Least)
            return PartResult.Skipped(part.Name, FormattableString.Invariant($"needs at least {part.Least} s, {Math.Max(0, left):0} s are left of {total:0}"));
        return Run(part, Math.Min(part.Limit, left));
    }

    private PartResult Run(GpuPart part, double limit)
    {
        var (lines, errors) = (new List<string>(), new List<string>());
        using var open = new CountdownEvent(2);   // the output's two streams
        var clock = Stopwatch.StartNew();
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(part.Command[0], part.Command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        // Test classes run beside each other, one a core: libtorch's own threads on top of them would only wait for one another.
        if (part.IsTests) process.StartInfo.Environment["OMP_NUM_THREADS"] = "1";
        process.OutputDataReceived += (_, e) => Note(e.Data, error: false);
        process.ErrorDataReceived += (_, e) => Note(e.Data, error: true);
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return new PartResult(part.Name, PartResult.Failed, 0, e.Message, []);
        }
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var ended = process.WaitForExit(TimeSpan.FromSeconds(limit));
        if (!ended)
        {
            process.Kill(entireProcessTree: true);
            // The driver takes a moment to free a card's memory, and the next part needs it.
            process.WaitForExit(TimeSpan.FromSeconds(Reserve));
        }
        // The rest of the output; what the part has started itself may hold it open, and is not waited for.
        open.Wait(TimeSpan.FromSeconds(1));
        string[] all, words;
        lock (lines) (all, words) = ([.. lines], [.. errors.Count > 0 ? errors : lines]);
        File.WriteAllLines(Path.Combine(folder, part.Name.Replace(' ', '-') + ".txt"), all);
        var seconds = Math.Round(clock.Elapsed.TotalSeconds, 1);
        IReadOnlyList<JsonObject> results = part.IsTests ? [TestLog.Read(all)] : [.. all.Select(Object).OfType<JsonObject>()];
        if (!ended) return new PartResult(part.Name, PartResult.TimedOut, seconds, FormattableString.Invariant($"ended after {limit:0} s"), results);
        return process.ExitCode == 0
            ? new PartResult(part.Name, PartResult.Ok, seconds, null, results)
            : new PartResult(part.Name, PartResult.Failed, seconds, $"exit code {process.ExitCode}: {LastWords(words)}", results);

        void Note(string? line, bool error)
        {
            lock (lines)
            {
                if (line is null && !open.IsSet) open.Signal();
                if (line is null) return;
                lines.Add(line);
                if (error) errors.Add(line);
            }
        }
    }

    /// <summary>The last lines of its errors, or of all it said when it named none: what a program says before it gives up.</summary>
    private static string LastWords(string[] lines)
        => string.Join(" / ", lines.Where(line => line.Trim().Length > 0 && line[0] != '{').TakeLast(3).Select(line => line.Trim()));

    private static JsonObject? Object(string line)
    {
        if (line.Length == 0 || line[0] != '{') return null;
        try
        {
            return JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            return null;   // a line of text that begins like an object
        }
    }
}
