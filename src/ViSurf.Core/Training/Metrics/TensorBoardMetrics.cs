using System.Globalization;
using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Metrics;

/// <summary>
/// Metrics as TensorBoard event files: <c>tensorboard --logdir DIR</c>. Each opening writes a new file into the directory, as TensorBoard expects of a run
/// that goes on; a step's scalars are one event. Values are float32, the format's. Owns the file; not thread-safe.
/// </summary>
public sealed class TensorBoardMetrics : IDisposable
{
    private const string Files = "events.out.tfevents.";

    private readonly FileStream _file;
    private readonly TimeProvider _clock;

    /// <summary>Makes the directory and a new event file in it.</summary>
    /// <param name="directory">One for each run.</param>
    /// <param name="resumeAt">
    /// Null for a new run. When a run goes on, the step it goes on at: TensorBoard then drops what earlier files say of that step and of later ones.
    /// </param>
    /// <param name="clock">Null for the system's.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public TensorBoardMetrics(string directory, long? resumeAt = null, TimeProvider? clock = null)
    {
        Guard.NotBlank(directory);
        _clock = clock ?? TimeProvider.System;
        Directory.CreateDirectory(directory);
        _file = New(directory, Math.Max(_clock.GetUtcNow().ToUnixTimeSeconds(), Newest(directory)));
        Append(EventRecord.Version(Time));
        if (resumeAt is { } step) Append(EventRecord.Restart(Time, Guard.NotNegative(step, nameof(resumeAt))));
    }

    /// <summary>Writes the metrics of a step.</summary>
    public void Write(StepReport report) => Append(EventRecord.Scalars(Time, Guard.NotNull(report).Step, StepMetrics.Of(report)));

    /// <summary>Writes other metrics, an evaluation's for instance.</summary>
    /// <param name="step">The step they follow.</param>
    /// <param name="metrics">By name; what is before the first "/" is the card they are shown in.</param>
    public void Write(long step, IReadOnlyDictionary<string, double> metrics)
        => Append(EventRecord.Scalars(Time, step, Guard.NotNull(metrics).Select(m => new StepMetric(m.Key, m.Value))));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private double Time => _clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    private void Append(byte[] record)
    {
        _file.Write(record);
        _file.Flush();
    }

    /// <summary>The time in the name of the newest file: a clock that was set back must not put this one before it.</summary>
    private static long Newest(string directory)
        => Directory.EnumerateFiles(directory, Files + "*").Select(path => Path.GetFileName(path)[Files.Length..].Split('.')[0])
            .Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0)
            .DefaultIfEmpty(0).Max();

    /// <summary>TensorBoard reads the files of a directory in the order of their names, so time comes first.</summary>
    private static FileStream New(string directory, long seconds)
    {
        for (var number = 0; ; number++)
        {
            var name = string.Create(CultureInfo.InvariantCulture,
                $"{Files}{seconds:D10}.{number:D4}.{Environment.MachineName}.{Environment.ProcessId}");
            var path = Path.Combine(directory, name);
            if (!Directory.EnumerateFiles(directory,
                string.Create(CultureInfo.InvariantCulture, $"{Files}{seconds:D10}.{number:D4}.*")).Any())
                return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        }
    }
}
