using System.Globalization;
using System.Text.Json;
using ViSurf.Core.Common;

namespace ViSurf.Core.Training.Metrics;

/// <summary>
/// Metrics as JSON Lines, one object per step: <c>{"step":0,"time":"2026-01-31T12:00:00.0000000Z","loss":0.5,…}</c>. Every line is handed to the
/// system as it is written, so another program may read along. Owns the file.
/// </summary>
/// <remarks>
/// JSON has no NaN and no infinity: such a number is null, so that a column stays one of numbers, and what it was stands in the member
/// <c>non_finite</c> at the end of the line: <c>"loss":null,…,"non_finite":{"loss":"NaN"}</c>. Numbers are written shortest, to be read back exactly, the
/// same in every culture. Not thread-safe.
/// </remarks>
public sealed class JsonLinesMetrics : IDisposable
{
    private readonly FileStream _file;
    private readonly TimeProvider _clock;

    /// <summary>Opens the file; its directory must exist.</summary>
    /// <param name="path">Where.</param>
    /// <param name="resumeAt">
    /// Null for a new file. When a run goes on, the step it goes on at: lines of that step and of later ones go, and a last line that a crash cut off;
    /// 0 starts the file again.
    /// </param>
    /// <param name="clock">Null for the system's.</param>
    /// <exception cref="IOException">The file exists and <paramref name="resumeAt"/> is null, or it cannot be written.</exception>
    /// <exception cref="InvalidDataException">A line before the last is not one of ours; says which. The file is left as it is.</exception>
    public JsonLinesMetrics(string path, long? resumeAt = null, TimeProvider? clock = null)
    {
        Guard.NotBlank(path);
        _clock = clock ?? TimeProvider.System;
        if (resumeAt is { } step) KeepBefore(path, Guard.NotNegative(step, nameof(resumeAt)));
        else if (File.Exists(path))
            throw new IOException($"Expected a new file for metrics, got '{path}', which exists. Pass resumeAt: the step the run goes on at, or 0 to start it again.");
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
    }

    /// <summary>Writes the metrics of a step.</summary>
    public void Write(StepReport report) => Write(Guard.NotNull(report).Step, StepMetrics.Of(report));

    /// <summary>Writes other metrics, an evaluation's for instance, as a line of their own.</summary>
    /// <param name="step">The step they follow: a run that resumes after that step keeps the line.</param>
    /// <param name="metrics">By name; <c>eval/</c> in front keeps them apart from a step's.</param>
    public void Write(long step, IReadOnlyDictionary<string, double> metrics)
        => Write(step, [.. Guard.NotNull(metrics).Select(m => new StepMetric(m.Key, m.Value))]);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Write(long step, IReadOnlyList<StepMetric> metrics)
    {
        using (var json = new Utf8JsonWriter(_file))
        {
            json.WriteStartObject();
            json.WriteNumber("step", step);
            json.WriteString("time", _clock.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            foreach (var (name, value) in metrics)
            {
                if (double.IsFinite(value)) json.WriteNumber(name, value);
                else json.WriteNull(name);
            }
            WriteNonFinite(json, [.. metrics.Where(m => !double.IsFinite(m.Value))]);
            json.WriteEndObject();
        }
        _file.WriteByte((byte)'\n');
        _file.Flush();
    }

    private static void WriteNonFinite(Utf8JsonWriter json, StepMetric[] metrics)
    {
        if (metrics.Length == 0) return;
        json.WriteStartObject("non_finite");
        foreach (var (name, value) in metrics) json.WriteString(name, double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        json.WriteEndObject();
    }

    /// <summary>Replaces the file in one rename, so that a crash meanwhile leaves the old one.</summary>
    private static void KeepBefore(string path, long step)
    {
        if (!File.Exists(path)) return;
        StagedFile.Write(path, kept =>
        {
            using var lines = File.ReadLines(path).GetEnumerator();
            var more = lines.MoveNext();
            for (var number = 1; more; number++)
            {
                var line = lines.Current;
                more = lines.MoveNext();
                if (StepOf(line, path, number, last: !more) is not { } found || found >= step) continue;
                kept.Write(System.Text.Encoding.UTF8.GetBytes(line));
                kept.WriteByte((byte)'\n');
            }
        });
    }

    /// <summary>Null for a last line that was cut off.</summary>
    private static long? StepOf(string line, string path, int number, bool last)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.TryGetProperty("step", out var step) && step.TryGetInt64(out var value)) return value;
            throw new JsonException("no step");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            if (last) return null;
            throw new InvalidDataException($"Expected a JSON object with a step in '{path}', line {number}, got '{line[..Math.Min(line.Length, 60)]}'. Resume with another file.", e);
        }
    }
}
