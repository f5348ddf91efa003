using System.Diagnostics;
using System.Globalization;
using ViSurf.Core.Training;
using ViSurf.Core.Training.Checkpoints;

namespace ViSurf.Core.Tests.Support;

/// <summary>What was seen while a training run was killed again and again.</summary>
/// <param name="Kills">Processes killed.</param>
/// <param name="WhileSaving">Of these, how many left a checkpoint half written.</param>
/// <param name="WhileRemoving">How many left one half removed.</param>
/// <param name="Steps">Step of the newest checkpoint at the end.</param>
/// <param name="Redone">Steps that were made a second time after a kill, with the same weights and metrics to the last bit.</param>
internal sealed record KillReport(int Kills, int WhileSaving, int WhileRemoving, long Steps, int Redone);

/// <summary>
/// Kills a training process (SIGKILL) at random moments, and after each kill looks at what is on the disk: every directory with a checkpoint's name is
/// whole, the newest loads to the very weights that the process had at that step, and no checkpoint that was reported is lost.
/// <c>dotnet ViSurf.Core.Tests.dll kill-training 200 FOLDER</c> does it as often as one likes.
/// </summary>
internal sealed class KilledTraining(string folder)
{
    // A kill comes some lines after the start (resumed, step, saved, step, saved) and up to so many milliseconds later: about a step, or some saves, of a
    // machine at rest. Counted in lines, so that a busy machine gets somewhere too.
    private const int MostLines = 5, LongestWait = 400;

    private readonly Dictionary<string, string> _steps = [];
    private long _saved;
    private int _redone;

    public static int Command(string kills, string folder)
    {
        var report = new KilledTraining(folder).Run(int.Parse(kills, CultureInfo.InvariantCulture), Console.WriteLine);
        Console.WriteLine(report);
        return 0;
    }

    /// <param name="kills">How many.</param>
    /// <param name="log">Told about each.</param>
    /// <param name="seed">Of their moments.</param>
    public KillReport Run(int kills, Action<string>? log = null, int seed = 1)
    {
        var random = new Random(seed);
        var (saving, removing) = (0, 0);
        Checkpoint? newest = null;
        for (var kill = 1; kill <= kills; kill++)
        {
            Kill(random);
            var left = Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];
            saving += left.Count(path => path.EndsWith(".visurf-partial", StringComparison.Ordinal));
            removing += left.Count(path => path.EndsWith(".visurf-deleted", StringComparison.Ordinal));
            newest = Examine(left);
            log?.Invoke(string.Create(CultureInfo.InvariantCulture, $"kill {kill}: newest is step {newest?.Step ?? 0}, reported {_saved}, half written so far {saving}, half removed {removing}, steps redone {_redone}"));
        }
        return new KillReport(kills, saving, removing, newest?.Step ?? 0, _redone);
    }

    private void Kill(Random random)
    {
        using var heard = new SemaphoreSlim(0);
        using var child = new Process { StartInfo = new ProcessStartInfo("dotnet", [typeof(TrainLoop).Assembly.Location, "train", folder]) { RedirectStandardOutput = true } };
        child.OutputDataReceived += (_, e) =>
        {
            if (e.Data is not { } line) return;
            lock (_steps) Hear(line.Split(' '));
            heard.Release();
        };
        child.Start();
        child.BeginOutputReadLine();
        for (var lines = random.Next(1, MostLines + 1); lines > 0; lines--)
            if (!heard.Wait(TimeSpan.FromMinutes(3)) || child.HasExited) throw new InvalidOperationException("The training process does not train.");
        Thread.Sleep(random.Next(LongestWait));
        child.Kill();
        child.WaitForExit();   // and until its last line was heard
    }

    private void Hear(string[] line)
    {
        switch (line)
        {
            case ["saved", var step]:
                _saved = long.Parse(step, CultureInfo.InvariantCulture);
                break;
            case ["step", var step, var weights, var metrics] when !_steps.TryAdd(step, $"{weights} {metrics}"):
                if (_steps[step] != $"{weights} {metrics}") _steps[step] += " and then " + weights + " " + metrics;
                else _redone++;
                break;
        }
    }

    private Checkpoint? Examine(string[] directories)
    {
        if (_steps.FirstOrDefault(step => step.Value.Contains("and then", StringComparison.Ordinal)) is { Key: not null } differs)
            throw new InvalidOperationException($"Step {differs.Key} was made twice and differs: {differs.Value}.");
        var named = directories.Where(path => !path.Contains(".visurf-", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        var complete = named.Length == 0 ? [] : CheckpointStore.Scan(folder);
        if (named.Length != complete.Count) throw new InvalidOperationException($"Expected every directory of a checkpoint's name to be one, got {complete.Count} of {named.Length}.");
        foreach (var checkpoint in complete) checkpoint.Verify();
        var newest = complete.Count == 0 ? null : complete[^1];
        if ((newest?.Step ?? 0) < _saved) throw new InvalidOperationException($"Expected a checkpoint of step {_saved}, which was reported, or later, got {newest?.Step}.");
        if (newest is null) return null;
        using var run = new TinyRun(TrainLoop.Method, new TrainingRunOptions { Steps = long.MaxValue });
        run.Run.Resume(newest);
        var weights = _steps[newest.Step.ToString(CultureInfo.InvariantCulture)].Split(' ')[0];
        if (run.Hash() != weights) throw new InvalidOperationException($"Expected '{newest}' to load the weights {weights}, got {run.Hash()}.");
        return newest;
    }
}
